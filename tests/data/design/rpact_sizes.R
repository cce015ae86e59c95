# Sizes, powers and event probabilities by rpact 3.3.4, written to rpact_sizes.json:
#   Rscript rpact_sizes.R > rpact_sizes.json
suppressMessages(library(rpact))
suppressMessages(library(jsonlite))

cases <- expand.grid(
  hazardRatio = c(0.5, 0.75, 1.3), ratio = c(0.5, 1, 2),
  method = c("Schoenfeld", "Freedman", "HsiehFreedman"), sided = c(1, 2), stringsAsFactors = FALSE
)
sizes <- lapply(seq_len(nrow(cases)), function(i) {
  case <- cases[i, ]
  # the losses and the accrual change with the case, so that the grid stays small
  dropout <- c(0, 0.05, 0.1)[1 + i %% 3]
  accrual <- if (i %% 2 == 0) c(0, 24) else c(0, 6, 30)
  intensity <- if (i %% 2 == 0) 1 else c(0.3, 0.9)
  x <- getSampleSizeSurvival(
    alpha = 0.05, beta = 0.15, sided = case$sided, hazardRatio = case$hazardRatio,
    piecewiseSurvivalTime = c(0, 8, 20), lambda2 = c(0.03, 0.06, 0.02), allocationRatioPlanned = case$ratio,
    typeOfComputation = case$method, accrualTime = accrual, accrualIntensity = intensity,
    accrualIntensityType = "relative", followUpTime = 10,
    dropoutRate1 = dropout, dropoutRate2 = dropout / 2, dropoutTime = 12
  )
  list(
    hazard_ratio = case$hazardRatio, ratio = case$ratio, method = case$method, sides = case$sided,
    dropout = c(dropout / 2, dropout), ends = I(accrual[-1]), rates = I(intensity),
    events = x$eventsFixed, n = x$nFixed
  )
})

follow <- lapply(c(420, 460, 520), function(n) {
  x <- getSampleSizeSurvival(
    alpha = 0.025, beta = 0.1, hazardRatio = 0.7, lambda2 = 0.05, accrualTime = c(0, 20), maxNumberOfSubjects = n,
    dropoutRate1 = 0.03, dropoutRate2 = 0.03, dropoutTime = 12
  )
  list(n = n, follow_up = x$followUpTime)
})

gs <- lapply(c("OF", "P", "asOF", "asP"), function(type) {
  d <- getDesignGroupSequential(
    typeOfDesign = type, informationRates = c(0.3, 0.7, 1), alpha = 0.025, beta = 0.2, sided = 1
  )
  size <- getSampleSizeSurvival(d, hazardRatio = 0.65, lambda2 = 0.04, accrualTime = c(0, 18), followUpTime = 9)
  power <- getPowerSurvival(
    d, hazardRatio = 0.7, lambda2 = 0.04, accrualTime = c(0, 18), maxNumberOfSubjects = 400,
    maxNumberOfEvents = 180, directionUpper = FALSE
  )
  list(
    type = type, events = size$maxNumberOfEvents, n = size$maxNumberOfSubjects,
    look_events = as.vector(size$eventsPerStage), look_times = as.vector(size$analysisTime),
    power = power$overallReject, power_times = as.vector(power$analysisTime),
    expected_events = power$expectedNumberOfEvents, expected_duration = power$studyDuration
  )
})

margins <- lapply(c(1.1, 1.25, 1.5), function(margin) {
  x <- getSampleSizeSurvival(
    alpha = 0.025, beta = 0.1, hazardRatio = 0.95, thetaH0 = margin, lambda2 = 0.04, accrualTime = c(0, 18),
    followUpTime = 9, allocationRatioPlanned = 2
  )
  list(margin = margin, events = x$eventsFixed, n = x$nFixed)
})

times <- c(1, 5, 12, 20, 40, 80)
probability <- getEventProbabilities(
  time = times, hazardRatio = 0.6, piecewiseSurvivalTime = c(0, 8, 20), lambda2 = c(0.03, 0.06, 0.02),
  accrualTime = c(0, 6, 30), accrualIntensity = c(5, 12), allocationRatioPlanned = 2,
  dropoutRate1 = 0.1, dropoutRate2 = 0.05, dropoutTime = 12
)

rates <- lapply(list(c(0.78, 0.6, 1, 0), c(0.9, 0.8, 2, 0), c(0.75, 0.75, 1.5, -0.1), c(0.85, 0.8, 0.5, -0.05)), function(v) {
  x <- getSampleSizeRates(
    alpha = 0.025, beta = 0.1, pi1 = v[1], pi2 = v[2], allocationRatioPlanned = v[3], thetaH0 = v[4]
  )
  list(experimental = v[1], control = v[2], ratio = v[3], margin = -v[4], n = x$nFixed)
})

cat(toJSON(list(
  version = as.character(packageVersion("rpact")), sizes = sizes, follow_up = follow, sequential = gs,
  margins = margins, proportions = rates,
  event_probabilities = list(
    time = times, overall = as.vector(probability$cumulativeEventProbabilities),
    experimental = as.vector(probability$eventProbabilities1), control = as.vector(probability$eventProbabilities2)
  )
), auto_unbox = TRUE, digits = 12, pretty = TRUE), "\n")
