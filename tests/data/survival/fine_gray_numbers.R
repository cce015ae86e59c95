# Makes fine_gray_numbers.json: R 4.2.2, survival 3.5-3. The data are those of r_numbers.json, with times untied: among
# ties finegray takes an event to be no longer at risk of the censoring of its time, and crr, as here, takes it to be.
# A weight is so many copies of a row, since finegray does not weight the censoring. Without copies of strata in the
# formula of finegray there is one censoring distribution.
suppressMessages({library(survival); library(jsonlite)})
d <- as.data.frame(fromJSON("r_numbers.json")$data)
d$row <- seq_len(nrow(d))
d$time <- d$time + d$row / 1000
d$state <- factor(d$cause, 0:2)
d$s <- d$stratum
control <- coxph.control(eps = 1e-13, iter.max = 60, toler.chol = 1e-14)
hazards <- function(fit) {
  base <- basehaz(fit, centered = FALSE)
  if (is.null(base$strata)) base$strata <- "all"
  unlist(lapply(split(base, base$strata), function(b) sapply(c(3.5, 6.5), function(t) max(0, b$hazard[b$time <= t]))))
}
model <- function(entry = FALSE, strata = FALSE, groups = FALSE, copies = FALSE, cluster = "row") {
  rows <- if (copies) d[rep(d$row, 1 + d$row %% 3), ] else d
  rows$line <- seq_len(nrow(rows))
  left <- if (entry) "Surv(entry, time, state)" else "Surv(time, state)"
  w <- finegray(as.formula(paste(left, "~ .", if (groups) "+ strata(stratum)")), rows, id = line, etype = "1")
  f <- as.formula(paste("Surv(fgstart, fgstop, fgstatus) ~ x1 + x2", if (strata) "+ strata(s)"))
  fit <- coxph(f, w, weights = fgwt, cluster = w[[cluster]], ties = "breslow", control = control)
  list(coef = unname(coef(fit)), covariance = unname(fit$var), log_likelihood = fit$loglik,
       hazard = unname(hazards(fit)))
}
write(toJSON(list(
  none = model(), entry = model(entry = TRUE), strata = model(strata = TRUE),
  strata_groups = model(strata = TRUE, groups = TRUE), entry_strata = model(entry = TRUE, strata = TRUE),
  entry_strata_groups = model(entry = TRUE, strata = TRUE, groups = TRUE), weights = model(copies = TRUE),
  entry_strata_groups_weights = model(TRUE, TRUE, TRUE, TRUE), entry_cluster = model(entry = TRUE, cluster = "id")
), digits = NA, auto_unbox = TRUE, matrix = "rowmajor"), "fine_gray_numbers.json")
