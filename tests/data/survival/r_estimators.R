# Makes r_estimators.json: R 4.2.2, survival 3.5-3, cmprsk 2.2-11, mvtnorm 1.1-3. Ties, strata, entry, weights.
suppressMessages({library(survival); library(cmprsk); library(mvtnorm); library(jsonlite)})
set.seed(23)
n <- 90
d <- data.frame(
  time = ceiling(rexp(n, 0.2) * 2) / 2, event = rbinom(n, 1, 0.7), group = sample(c("a", "b", "c"), n, TRUE),
  arm = rbinom(n, 1, 0.5), stratum = sample(1:3, n, TRUE), weight = sample(1:3, n, TRUE), x = round(rnorm(n), 2))
d$entry <- ifelse(runif(n) < 0.5, 0, round(runif(n, 0, 1) * d$time * 0.8, 2))
d$cause <- d$event * (1 + rbinom(n, 1, 0.4))

gray <- list()
for (by in c("group", "arm")) for (rho in c(0, 1)) for (stratified in c(FALSE, TRUE)) {
  s <- if (stratified) d$stratum else rep(1, n)
  fit <- cuminc(d$time, d$cause, d[[by]], s, rho = rho)
  gray[[length(gray) + 1]] <- list(by = by, rho = rho, stratified = stratified, statistic = unname(fit$Tests[, 1]),
                                   df = unname(fit$Tests[, 3]))
}

stay <- function(i) {
  t <- if (i %% 4 == 0) round(runif(1, 0, 2), 1) else 0
  s <- 1 + i %% 2
  rows <- NULL
  repeat {
    u <- t + sample(1:6, 1) / 2
    to <- if (runif(1) < 0.3) s else sample(setdiff(1:4, s), 1)
    rows <- rbind(rows, c(i, t, u, s, to))
    if (to == s || to == 4 || u > 8) break
    t <- u
    s <- to
  }
  rows
}
rows <- as.data.frame(do.call(rbind, lapply(1:60, stay)))
names(rows) <- c("id", "entry", "time", "from", "to")
rows$move <- factor(ifelse(rows$from == rows$to, 0, rows$to), 0:4, c("none", 1:4))
rows$state <- factor(rows$from, 1:4)
states <- survfit(Surv(entry, time, move) ~ 1, rows, id = id, istate = state)

hazard <- list(survfit(Surv(entry, time, event) ~ 1, d, weights = weight, stype = 2, ctype = 1),
               survfit(Surv(entry, time, event) ~ 1, d, stype = 2, ctype = 2))
later <- survfit(Surv(time, event) ~ 1, d, start.time = 3)
mean6 <- summary(survfit(Surv(entry, time, event) ~ 1, d), rmean = 6)$table
mean6w <- summary(survfit(Surv(time, event) ~ 1, d, weights = weight / 2, robust = TRUE), rmean = 6)$table

left <- floor(d$time)
right <- left + sample(1:3, n, TRUE)
right[d$event == 0] <- NA
at <- c(0.5, 1, 1.5, 2:10)
turnbull <- summary(survfit(Surv(ifelse(left == 0, NA, left), right, type = "interval2") ~ 1), times = at, extend = TRUE)

aft <- lapply(c("exponential", "weibull", "lognormal", "loglogistic"), function(dist) {
  fit <- survreg(Surv(time, event) ~ x + arm, d, weights = weight, dist = dist,
                 control = survreg.control(rel.tolerance = 1e-14, maxiter = 100))
  list(distribution = dist, coef = c(unname(coef(fit)), if (dist != "exponential") log(fit$scale)),
       std_error = unname(sqrt(diag(fit$var))), log_likelihood = fit$loglik[2])
})

# The spline models, maximised directly
lt <- log(d$time)
had <- d$event == 1
knots <- unname(quantile(lt[had], c(0, 1 / 2, 1)))
lambda <- (knots[3] - knots[2]) / (knots[3] - knots[1])
cut <- function(x, p) p(x - knots[2]) - lambda * p(x - knots[1]) - (1 - lambda) * p(x - knots[3])
basis <- cbind(1, lt, cut(lt, function(u) pmax(u, 0)^3), d$x)
slope <- cbind(0, 1, cut(lt, function(u) 3 * pmax(u, 0)^2), 0)
minus <- function(theta, scale) {
  e <- c(basis %*% theta)
  s <- c(slope %*% theta)
  if (any(s[had] <= 0)) return(1e10)
  p <- switch(scale, hazard = list(e - exp(e), -exp(e)),
              odds = list(dlogis(e, log = TRUE), plogis(e, lower.tail = FALSE, log.p = TRUE)),
              normal = list(dnorm(e, log = TRUE), pnorm(e, lower.tail = FALSE, log.p = TRUE)))
  -sum(ifelse(had, p[[1]] + log(ifelse(had, s, 1)) - lt, p[[2]]))
}
spline <- lapply(c("hazard", "odds", "normal"), function(scale) {
  theta <- c(-2, 1, 0, 0)
  for (i in 1:10) theta <- optim(theta, minus, scale = scale, method = if (i %% 2) "Nelder-Mead" else "BFGS",
                                 control = list(maxit = 20000, reltol = 1e-15))$par
  list(scale = scale, coef = theta, log_likelihood = -minus(theta, scale))
})

# Weighted log-rank tests of two groups, from their definition
weighted <- function(weight, stratum = rep(1, n)) {
  u <- v <- 0
  for (s in unique(stratum)) {
    e <- d[stratum == s, ]
    km <- 1
    star <- local({f <- survfit(Surv(time, event) ~ 1, e); summary(f, times = 4)$surv})
    for (t in sort(unique(e$time[e$event == 1]))) {
      y <- sum(e$time >= t)
      y1 <- sum(e$time >= t & e$arm == 1)
      k <- sum(e$time == t & e$event == 1)
      k1 <- sum(e$time == t & e$event == 1 & e$arm == 1)
      w <- weight(km, star)
      u <- u + w * (k1 - k * y1 / y)
      v <- v + outer(w, w) * (if (y > 1) k * y1 / y * (1 - y1 / y) * (y - k) / (y - 1) else 0)
      km <- km * (1 - k / y)
    }
  }
  list(u = u, v = v)
}
modest <- sapply(list(rep(1, n), d$stratum), function(s) {
  f <- weighted(function(km, star) 1 / max(km, star), s)
  f$u / sqrt(c(f$v))
})
combo <- weighted(function(km, star) c(1, 1 - km))
z <- combo$u / sqrt(diag(combo$v))
corr <- cov2cor(combo$v)
m <- max(abs(z))
lr <- survdiff(Surv(time, event) ~ group + strata(stratum), d)
score <- c(1, 2, 5) - 8 / 3
trend <- sum(score * (rowSums(lr$obs) - rowSums(lr$exp))) / sqrt(c(score %*% lr$var %*% score))

boxes <- lapply(1:8, function(i) {
  k <- 2 + i %% 3
  a <- matrix(rnorm(k * k), k)
  s <- cov2cor(a %*% t(a) + diag(k) * runif(1, 0, 0.5))
  low <- if (i > 4) rep(-Inf, k) else -runif(k, 1, 3)
  high <- runif(k, 1, 3)
  list(low = ifelse(is.finite(low), low, NA), high = high, correlation = s,
       probability = c(pmvnorm(low, high, corr = s, algorithm = Miwa(steps = 4097))))
})

write(toJSON(list(
  data = d, gray = gray,
  states = list(rows = rows[1:5], names = states$states, time = states$time, probability = states$pstate,
                std_error = states$std.err),
  hazard = lapply(hazard, function(f) list(time = f$time, hazard = f$cumhaz, std_error = f$std.chaz)),
  conditional = list(time = later$time, survival = later$surv, std_error = later$std.err * later$surv),
  rmst = unname(mean6[5:6]), rmst_robust = unname(mean6w[5:6]),
  turnbull = list(low = left, high = right, time = at, survival = turnbull$surv),
  aft = aft, spline = spline, modest = modest,
  combo = list(z = z, correlation = corr[1, 2],
               p_value = 1 - c(pmvnorm(c(-m, -m), c(m, m), corr = corr, algorithm = Miwa(steps = 4097)))),
  trend = trend, boxes = boxes
), digits = NA, na = "null", auto_unbox = TRUE, matrix = "rowmajor", dataframe = "columns"), "r_estimators.json")
