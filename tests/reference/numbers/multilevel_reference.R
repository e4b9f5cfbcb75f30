# Reference fits of nested Gaussian models: slopes at two levels, three columns, weights, singular ends, CR2 inside clusters.
# R 4.2.2, lme4 1.1-31, lmerTest, clubSandwich (Debian 12). Run in the folder where the files shall stand.
suppressMessages({library(lme4); library(lmerTest); library(clubSandwich); library(jsonlite); library(mlmRev); library(nlme)})
tight <- lmerControl(optimizer="bobyqa", optCtrl=list(rhoend=1e-12, maxfun=2e5), calc.derivs=FALSE,
  check.conv.singular="ignore", check.scaleX="ignore")
blups <- function(m, k=6) { re <- ranef(m, condVar=TRUE); lapply(re, function(d) { pv <- attr(d, "postVar"); k <- min(k, nrow(d))
  list(groups=rownames(d)[1:k], mode=lapply(unname(as.list(d)), head, k), condSE=lapply(seq_len(ncol(d)), function(j) sqrt(pv[j,j,1:k]))) }) }
one <- function(m) { co <- summary(m)$coefficients
  list(fixef=unname(fixef(m)), se=unname(co[,"Std. Error"]), df=unname(co[,"df"]), theta=unname(getME(m,"theta")),
    sigma=sigma(m), logLik=as.numeric(logLik(m)), is_singular=isSingular(m), blup=blups(m)) }
robust <- function(m) { v <- vcovCR(m, type="CR2"); ct <- coef_test(m, vcov=v, test="Satterthwaite")
  list(se=unname(sqrt(diag(v))), df=unname(if (is.null(ct$df_Satt)) ct$df else ct$df_Satt)) }
run <- function(name, source, formula, data, weights=NULL, cr2=FALSE) {
  data$w_ <- if (is.null(weights)) 1 else weights
  fit <- function(reml, package=lmerTest::lmer) if (is.null(weights)) package(formula, data, REML=reml, control=tight) else
    package(formula, data, REML=reml, control=tight, weights=w_)
  r <- list(name=name, source=source, formula=deparse1(formula), n=nrow(data), terms=names(fixef(fit(TRUE))),
    software=list(R=R.version.string, lme4=as.character(packageVersion("lme4")), lmerTest=as.character(packageVersion("lmerTest")),
      clubSandwich=as.character(packageVersion("clubSandwich")), control="bobyqa rhoend=1e-12"), REML=one(fit(TRUE)), ML=one(fit(FALSE)))
  if (cr2) r$CR2 <- robust(fit(TRUE, lme4::lmer))
  write_json(r, paste0(name, ".json"), digits=15, auto_unbox=TRUE, pretty=TRUE, null="null"); cat(name, r$REML$logLik, r$REML$is_singular, "\n") }
data(egsingle, Chem97, package="mlmRev"); data(sleepstudy, package="lme4"); data(Machines, Pixel, package="nlme")
plain <- function(d) { d <- as.data.frame(d); for (n in names(d)) if (is.factor(d[[n]])) d[[n]] <- factor(as.character(d[[n]])); d }
run("egsingle_two_slopes", "mlmRev::egsingle", math ~ year*lowinc + (year|childid) + (year|schoolid), egsingle, cr2=TRUE)
run("machines_three_columns", "nlme::Machines", score ~ Machine + (Machine|Worker), plain(Machines))
run("pixel_side_in_dog", "nlme::Pixel", pixel ~ day + I(day^2) + (1|Dog:Side) + (day|Dog), plain(Pixel), cr2=TRUE)
run("sleepstudy_weights", "lme4::sleepstudy, weights 1 + Days/3", Reaction ~ Days + (Days|Subject), sleepstudy, weights=1+sleepstudy$Days/3)
Chem97$sch <- interaction(Chem97$lea, Chem97$school, drop=TRUE)
run("chem97_singular", "mlmRev::Chem97, sch = lea:school", score ~ gcsecnt + gender + (gcsecnt|sch) + (gcsecnt|lea), Chem97)
