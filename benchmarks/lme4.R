# One timed fit of lme4. Use: Rscript lme4.R CSV FORMULA gaussian|binomial; prints JSON. Reading is not timed.
suppressMessages({library(lme4); library(data.table); library(jsonlite)})
arguments <- commandArgs(TRUE)
pupils <- as.data.frame(fread(arguments[1], stringsAsFactors = TRUE, nThread = 2))
formula <- as.formula(arguments[2])
started <- proc.time()
if (arguments[3] == "gaussian") {
  fit <- lmer(formula, pupils, REML = TRUE, control = lmerControl(calc.derivs = FALSE))
} else {
  fit <- glmer(formula, pupils, family = binomial, nAGQ = 1)
}
spent <- proc.time() - started
peak <- as.numeric(sub("[^0-9]*([0-9]+).*", "\\1", grep("VmHWM", readLines("/proc/self/status"), value = TRUE))) / 1024
cat(toJSON(list(seconds = spent[["elapsed"]], cpu = spent[["user.self"]] + spent[["sys.self"]], peak_mb = peak,
                estimates = unname(fixef(fit)), loglik = as.numeric(logLik(fit))), auto_unbox = TRUE, digits = 15), "\n")
