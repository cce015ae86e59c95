# Makes cox_numbers.json: R 4.2.2, survival 3.5-3, cmprsk 2.2-11. Ties, strata, delayed entry, weights, an offset.
suppressMessages({library(survival); library(cmprsk); library(jsonlite)})
d <- as.data.frame(fromJSON("r_numbers.json")$data)
d$discrete <- pmin(ceiling(d$time / 2), 6)
d$late <- pmax(d$discrete - 1 - d$id %% 3, 0)
control <- coxph.control(eps = 1e-13, iter.max = 60, toler.chol = 1e-14)
plain <- function(m) unname(as.matrix(m))

exact <- lapply(list(coxph(Surv(discrete, event) ~ x1 + x2, d, ties = "exact", control = control),
                     coxph(Surv(late, discrete, event) ~ x1 + x2 + offset(offset) + strata(stratum), d, ties = "exact",
                           control = control)),
                function(fit) list(coef = unname(coef(fit)), covariance = plain(fit$var), log_likelihood = fit$loglik,
                                   score = fit$score))

r <- coxph(Surv(time, event) ~ ridge(x1, x2, theta = 3, scale = FALSE), d, weights = weight, robust = FALSE,
           control = control)
ridge <- list(coef = unname(r$coef), covariance = plain(r$var), log_likelihood = r$loglik,
              statistic = unname(summary(r)$logtest[1]), df = unname(summary(r)$logtest[2]))

# Firth: the partial likelihood and its information from coxph at given coefficients, maximised by Newton's method with
# differences.
separated <- transform(d, x3 = as.numeric(event == 0 & x1 > 0.3))
penalised <- function(b, ties) {
  fit <- coxph(Surv(entry, time, event) ~ x1 + x2 + x3, separated, init = b, ties = ties,
               control = coxph.control(iter.max = 0))
  fit$loglik[2] - 0.5 * as.numeric(determinant(fit$var)$modulus)
}
gradient <- function(b, ties, h = 1e-3) sapply(1:3, function(j) {
  e <- replace(numeric(3), j, 1)
  f <- function(k) penalised(b + k * h * e, ties)
  (45 * (f(1) - f(-1)) - 9 * (f(2) - f(-2)) + (f(3) - f(-3))) / (60 * h)
})
firth <- lapply(c("efron", "breslow"), function(ties) {
  b <- numeric(3)
  for (i in 1:60) b <- b + drop(coxph(Surv(entry, time, event) ~ x1 + x2 + x3, separated, init = b, ties = ties,
                                      control = coxph.control(iter.max = 0))$var %*% gradient(b, ties))
  list(coef = b, log_likelihood = c(penalised(numeric(3), ties), penalised(b, ties)))
})

models <- list(
  efron = coxph(Surv(entry, time, event) ~ x1 + x2 + strata(stratum), d, weights = weight, robust = FALSE,
                control = control),
  breslow = coxph(Surv(time, event) ~ x1 + x2, d, ties = "breslow", control = control),
  robust = coxph(Surv(time, event) ~ x1 + x2, d, cluster = id, control = control))
after <- lapply(models, function(fit) {
  new <- data.frame(x1 = c(-0.5, 1), x2 = c(1, 0), stratum = c(2, 3))
  base <- basehaz(fit, centered = FALSE)
  curves <- lapply(1:2, function(i) {
    s <- summary(survfit(fit, newdata = new[i, ], conf.type = "log-log"), times = c(1, 2.5, 4, 7))
    list(survival = s$surv, std_error = s$std.err, conf_low = s$lower, conf_high = s$upper)
  })
  zph <- lapply(c(km = "km", rank = "rank", identity = "identity", log = "log"),
                function(g) plain(cox.zph(fit, transform = g)$table))
  tau <- concordance(fit)
  c(list(baseline = list(time = base$time, hazard = base$hazard), curves = curves, zph = zph,
         concordance = unname(tau$concordance), concordance_variance = c(tau$var), pairs = plain(tau$count)),
    lapply(c(martingale = "martingale", deviance = "deviance", schoenfeld = "schoenfeld", scaled = "scaledsch",
             score = "score", dfbeta = "dfbeta"), function(kind) plain(residuals(fit, kind))))
})

gray <- function(...) {
  fit <- crr(..., variance = TRUE, gtol = 1e-13, maxiter = 50)
  list(coef = unname(fit$coef), covariance = plain(fit$var), log_likelihood = c(fit$loglik.null, fit$loglik))
}
x <- cbind(d$x1, d$x2)
u <- transform(d, time = time + (1:60) / 1000)
fine_gray <- list(ties = gray(d$time, d$cause, x), untied = gray(u$time, u$cause, x),
                  second = gray(d$time, d$cause, x, failcode = 2),
                  groups = gray(d$time, d$cause, x, cengroup = d$stratum))

rows <- as.data.frame(fromJSON("r_numbers.json")$recurrent$rows)
rows$x <- rows$id %% 3
rows$z <- sin(rows$id)
rate <- coxph(Surv(start, stop, status) ~ x + z, rows, cluster = id, control = control)
lwyy <- list(coef = unname(coef(rate)), covariance = plain(rate$var), naive = plain(rate$naive.var))

write(toJSON(list(exact = exact, ridge = ridge, firth = firth, after = after, fine_gray = fine_gray, lwyy = lwyy),
             digits = NA, na = "null", auto_unbox = TRUE, matrix = "rowmajor"), "cox_numbers.json")
