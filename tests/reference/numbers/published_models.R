# Reference fits of lme4 and lmerTest on published data, beyond the models of mixed_reference.R: slopes at two levels,
# correlated and uncorrelated effects, slopes of factors, weights, interactions, singular fits, crossed groups.
suppressMessages({library(lme4); library(jsonlite); library(mlmRev); library(nlme); library(lmerTest)})
tight <- lmerControl(optimizer="bobyqa", optCtrl=list(rhoend=1e-12, maxfun=2e5), calc.derivs=FALSE, check.conv.singular="ignore")
out <- list()
run <- function(name, source, formula, data, weights=NULL, ddf=TRUE, REML=TRUE){
  d <- as.data.frame(data); d$.w <- if(is.null(weights)) rep(1,nrow(d)) else d[[weights]]
  m <- suppressMessages(lmerTest::lmer(formula, d, REML=REML, control=tight, weights=.w))
  co <- if(ddf) summary(m)$coefficients else summary(m, ddf="lme4")$coefficients
  v <- as.data.frame(VarCorr(m)); re <- as.data.frame(ranef(m, condVar=TRUE)); keep <- re[round(seq(1,nrow(re),length.out=8)),]
  out[[name]] <<- list(source=source, formula=deparse1(formula), method=if(REML)"reml" else "ml", weights=weights, n=nobs(m),
   levels=lapply(Filter(function(f) is.factor(f) && nlevels(f)<10, d), levels), terms=I(rownames(co)), estimate=I(unname(co[,"Estimate"])), se=I(unname(co[,"Std. Error"])),
   df=if(ddf) I(unname(co[,"df"])) else NULL, variance=v$vcov, loglik=as.numeric(logLik(m)), singular=isSingular(m),
   modes=list(group=as.character(keep$grpvar), level=as.character(keep$grp), term=as.character(keep$term), estimate=keep$condval, se=keep$condsd),
   fitted=unname(head(fitted(m),5)), population=unname(head(predict(m,re.form=NA),5))) }
data(sleepstudy,Pastes,Penicillin,InstEval,package="lme4"); data(Hsb82,egsingle,Chem97,Exam,package="mlmRev"); data(Oxboys,Machines,package="nlme")
sleepstudy$w <- 0.5 + sleepstudy$Days %% 4
run("correlated_slope", "lme4::sleepstudy", Reaction~Days+(Days|Subject), sleepstudy)
run("correlated_slope_ml", "lme4::sleepstudy", Reaction~Days+(Days|Subject), sleepstudy, REML=FALSE)
run("uncorrelated_slope", "lme4::sleepstudy", Reaction~Days+(Days||Subject), sleepstudy)
run("weights", "lme4::sleepstudy", Reaction~Days+(Days|Subject), sleepstudy, weights="w")
run("interactions", "mlmRev::Hsb82", mAch~cses*sector+cses*meanses+(cses|school), Hsb82)
run("computed_terms", "nlme::Oxboys", height~age+I(age^2)+(age|Subject), Oxboys)
run("nested_names", "lme4::Pastes", strength~1+(1|batch/cask), Pastes)
run("factor_slopes", "nlme::Machines", score~Machine+(Machine|Worker), Machines)
run("cell_means", "nlme::Machines", score~Machine+(0+Machine|Worker), Machines)
run("slopes_at_two_levels", "mlmRev::egsingle", math~year*lowinc+black+(year|schoolid/childid), egsingle)
run("three_levels", "mlmRev::Chem97", score~gcsecnt+gender+(1|lea/school), Chem97, ddf=FALSE)
run("singular", "mlmRev::Exam", normexam~standLRT*schgend+sex+intake+(standLRT+sex|school), Exam)
run("crossed", "lme4::Penicillin", diameter~1+(1|plate)+(1|sample), Penicillin)
run("crossed_ratings", "lme4::InstEval", y~service+(1|s)+(1|d), subset(InstEval, as.integer(as.character(s))<=400))
software <- list(R=R.version.string, lme4=as.character(packageVersion("lme4")), lmerTest=as.character(packageVersion("lmerTest")), control="bobyqa rhoend=1e-12")
write_json(list(software=software, models=out), "published_models.json", digits=15, auto_unbox=TRUE, null="null", pretty=TRUE)
