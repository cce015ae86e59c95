# Makes r_numbers.json: R 4.2.2, survival 3.5-3, cmprsk 2.2-11, mets 1.3.2. Ties, strata, delayed entry, weights.
suppressMessages({library(survival); library(cmprsk); library(mets); library(jsonlite)})
set.seed(17)
n <- 60
entry <- round(runif(n, 0, 3) * rbinom(n, 1, 0.6))
d <- data.frame(
  entry, time = entry + ceiling(rexp(n, 0.2) * 2) / 2 + 0.5, event = rbinom(n, 1, 0.65),
  x1 = round(rnorm(n), 3), x2 = rbinom(n, 1, 0.4), stratum = sample(1:3, n, TRUE),
  group = sample(c("a", "b", "c"), n, TRUE), weight = round(runif(n, 0.2, 3), 2),
  id = sample(1:20, n, TRUE), offset = round(rnorm(n) * 0.3, 3))
d$cause <- d$event * (1 + rbinom(n, 1, 0.4))
control <- coxph.control(eps = 1e-13, iter.max = 60, toler.chol = 1e-14)
cox <- function(fit) list(coef = unname(coef(fit)), covariance = unname(fit$var), log_likelihood = fit$loglik,
                          score = fit$score)
efron <- coxph(Surv(entry, time, event) ~ x1 + x2 + strata(stratum), d, weights = weight, cluster = id,
               control = control)
breslow <- coxph(Surv(entry, time, event) ~ x1 + x2 + offset(offset), d, weights = weight, ties = "breslow",
                 robust = FALSE, control = control)
km <- survfit(Surv(entry, time, event) ~ 1, d, weights = weight, conf.type = "log-log")
lr <- survdiff(Surv(time, event) ~ group + strata(stratum), d, rho = 0.5)
ci <- timepoints(cuminc(d$time, d$cause, d$group), c(2, 5))
ij <- survfit(Surv(time, factor(cause)) ~ 1, d)
rows <- do.call(rbind, lapply(1:25, function(i) {
  end <- round(min(rexp(1, 0.15), runif(1, 2, 10)), 3)
  events <- round(cumsum(rexp(20, 0.4)), 3)
  stop <- c(events[events < end], end)
  k <- length(stop)
  data.frame(id = i, start = c(0, stop[-k]), stop, status = c(rep(1, k - 1), 0), death = c(rep(0, k - 1), i %% 2))
}))
ghosh_lin <- recurrentMarginal(phreg(Surv(start, stop, status) ~ cluster(id), data = rows),
                               phreg(Surv(start, stop, death) ~ cluster(id), data = rows))
write(toJSON(list(
  data = d, efron = cox(efron), breslow = cox(breslow),
  km = list(time = km$time, at_risk = km$n.risk, survival = km$surv, std_error = summary(km, censored = TRUE)$std.err,
            conf_low = km$lower, conf_high = km$upper, quartiles = unname(quantile(km, c(0.25, 0.5, 0.75))$quantile)),
  logrank = list(statistic = lr$chisq, observed = rowSums(lr$obs), expected = rowSums(lr$exp), variance = lr$var),
  incidence = list(curve = rownames(ci$est), estimate = unname(ci$est), variance = unname(ci$var)),
  jackknife = list(time = ij$time, incidence = ij$pstate[, 2], std_error = ij$std.err[, 2]),
  recurrent = list(rows = rows, time = ghosh_lin$times, mean = ghosh_lin$mu, std_error = ghosh_lin$se.mu)
), digits = NA, na = "null", auto_unbox = TRUE, matrix = "rowmajor", dataframe = "columns"), "r_numbers.json")
