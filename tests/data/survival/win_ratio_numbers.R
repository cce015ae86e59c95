# Makes colon_win_ratio.csv and win_ratio_numbers.json: R 4.2.2. Death first, then recurrence, levamisole with
# fluorouracil over observation, of `colon` of survival 3.5-3 (Moertel et al., NEJM 1990). Pairs are whole matrices.
# Variance: the U-statistics of Bebu and Lachin, Biostatistics 2016, by the covariance of row and of column means; and
# that of Dong et al., J Biopharm Stat 2016 and 2018, from products of pairs that share one participant, centred at
# (wins + losses)/2.
suppressMessages({library(survival); library(jsonlite)})
wide <- merge(subset(colon, etype == 2 & rx != "Lev"), subset(colon, etype == 1 & rx != "Lev"), by = "id")
d <- with(wide, data.frame(arm = as.integer(rx.x == "Lev+5FU"), death_time = time.x, death = status.x,
                           recurrence_time = time.y, recurrence = status.y, node4 = node4.x))
write.csv(d, "colon_win_ratio.csv", row.names = FALSE, quote = FALSE)

pairs_of <- function(d) {
  t <- d[d$arm == 1, ]; c <- d[d$arm == 0, ]
  one <- function(time, event) {
    later <- outer(t[[time]], c[[time]], ">"); earlier <- outer(t[[time]], c[[time]], "<")
    same <- !later & !earlier
    won <- outer(t[[event]] >= 0, c[[event]] == 1) & (later | (same & outer(t[[event]] == 0, c[[event]] == 1)))
    lost <- outer(t[[event]] == 1, c[[event]] >= 0) & (earlier | (same & outer(t[[event]] == 1, c[[event]] == 0)))
    won - lost
  }
  first <- one("death_time", "death"); second <- one("recurrence_time", "recurrence")
  score <- ifelse(first != 0, first, second)
  list(K = 1 * (score == 1), L = 1 * (score == -1),
       decided = c(sum(first == 1), sum(first == 0 & second == 1), sum(first == -1), sum(first == 0 & second == -1)))
}
bebu <- function(K, L) {  # covariance of the counts of wins and losses
  m <- nrow(K); n <- ncol(K)
  (m * n)^2 * (cov(cbind(rowMeans(K), rowMeans(L))) / m + cov(cbind(colMeans(K), colMeans(L))) / n)
}
shared <- function(A, B, centre) {  # sum over pairs of pairs that share one participant
  a <- A - centre; b <- B - centre
  m <- nrow(A); n <- ncol(A)
  n * m * (sum(a * (rowSums(b) - b)) / (n - 1) / m + sum(a * (rep(colSums(b), each = m) - b)) / (m - 1) / n)
}
dong <- function(K, L) {
  centre <- (sum(K) + sum(L)) / (2 * length(K))
  matrix(c(shared(K, K, centre), shared(K, L, centre), shared(K, L, centre), shared(L, L, centre)), 2)
}
summarise <- function(parts) {
  found <- lapply(parts, pairs_of)
  weight <- if (length(parts) > 1) 1 / sapply(parts, nrow) else 1
  wins <- sum(weight * sapply(found, function(f) sum(f$K)))
  losses <- sum(weight * sapply(found, function(f) sum(f$L)))
  size <- sum(weight * sapply(found, function(f) length(f$K)))
  V <- Reduce(`+`, Map(function(w, f) w^2 * bebu(f$K, f$L), weight, found))
  W <- Reduce(`+`, Map(function(w, f) w^2 * dong(f$K, f$L), weight, found))
  log_ratio <- c(1 / wins, -1 / losses); difference <- c(1, -1) / size
  mean_count <- (wins + losses) / 2
  list(counts = rowSums(sapply(found, `[[`, "decided")), ratio = wins / losses, net_benefit = (wins - losses) / size,
       log_ratio_se = sqrt(c(log_ratio %*% V %*% log_ratio)), net_benefit_se = sqrt(c(difference %*% V %*% difference)),
       dong_log_ratio_se = sqrt(c(c(1, -1) %*% W %*% c(1, -1))) / mean_count,
       dong_net_benefit_se = sqrt(c(c(1, -1) %*% W %*% c(1, -1))) / size)
}
write(toJSON(list(all = summarise(list(d)), strata = summarise(split(d, d$node4))), digits = NA, auto_unbox = TRUE),
      "win_ratio_numbers.json")
