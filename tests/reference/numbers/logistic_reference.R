# Reference fits of multilevel logistic models. R 4.2.2, lme4 1.1-31 (Debian 12). Writes logistic_lme4.json.
# tolPwrss: lme4 stops its inner search early by default and then reports a log-likelihood up to 1e-4 too low; 1e-14 is
# as tight as it goes (1e-11 on Chem97, where a tighter one ends in step-halving errors).
suppressMessages({library(lme4); library(jsonlite); library(mlmRev)})
control <- function(tight=1e-14) glmerControl(optimizer="bobyqa", optCtrl=list(rhoend=1e-10, maxfun=2e5), tolPwrss=tight, check.conv.grad="ignore", check.conv.hess="ignore")
modes <- function(d) {
  pv <- attr(d, "postVar")
  se <- if (is.list(pv)) sapply(pv, function(a) sqrt(a[1,1,1:6])) else t(sapply(1:6, function(j) sqrt(diag(matrix(pv[,,j], dim(pv)[1])))))
  list(groups=rownames(d)[1:6], mode=unname(as.matrix(d[1:6,,drop=FALSE])), cond_se=matrix(se, 6))
}
record <- function(m) {
  co <- summary(m)$coefficients; v <- as.data.frame(VarCorr(m))
  list(formula=deparse1(formula(m)), fixef=as.list(fixef(m)), se=as.list(setNames(co[,2], rownames(co))), logLik=as.numeric(logLik(m)), AIC=AIC(m), BIC=BIC(m), nobs=nobs(m), ngrps=as.list(ngrps(m)),
    varcorr=lapply(seq_len(nrow(v)), function(i) as.list(v[i,])), blup=lapply(ranef(m, condVar=TRUE), modes))
}
out <- list(software=list(R=R.version.string, lme4=as.character(packageVersion("lme4"))))
data(Contraception, Exam, Chem97, package="mlmRev")
Contraception$y <- as.integer(Contraception$use == "Y")
Exam$pass <- as.integer(Exam$normexam > 0)
Chem97$pass <- as.integer(Chem97$score >= 6)
few <- droplevels(Chem97[as.integer(Chem97$lea) <= 25,])
out$cbpp <- record(glmer(cbind(incidence, size - incidence) ~ period + (1|herd), cbpp, family=binomial, control=control()))
out$exam <- record(glmer(pass ~ standLRT + sex + (1|school), Exam, family=binomial, control=control()))
out$exam_slope <- record(glmer(pass ~ standLRT + sex + (1 + standLRT|school), Exam, family=binomial, control=control()))
out$contraception_slope <- record(glmer(y ~ age + I(age^2) + urban + livch + (1 + urban|district), Contraception, family=binomial, control=control()))
out$contraception_free <- record(glmer(y ~ age + I(age^2) + urban + livch + (1 + age||district), Contraception, family=binomial, control=control()))
out$chem97 <- record(glmer(pass ~ gcsecnt + gender + (1|school), Chem97, family=binomial, control=control(1e-11)))
out$chem97_nested <- record(glmer(pass ~ gcsecnt + gender + (1|lea) + (1|school), few, family=binomial, control=control(1e-11)))
write_json(out, "logistic_lme4.json", digits=15, auto_unbox=TRUE, pretty=TRUE, null="null")
