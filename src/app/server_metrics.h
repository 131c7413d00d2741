// What the process and the store keep counts of anyway, as metrics.
#pragma once

#include <vector>

#include "base/clock.h"
#include "base/log_writer.h"
#include "base/metrics.h"
#include "store/embedded.h"

namespace pabal::app {

/// While it lives, the metrics are there. Everything must outlive it.
class ServerMetrics {
 public:
  ServerMetrics(Metrics& metrics, const store::EmbeddedEngine& store, const LogWriter& log, WallTime started);

 private:
  std::vector<Metrics::Registration> registrations_;
};

/// How much memory the process holds now, and how many descriptors; zero if the system does not say.
std::uint64_t resident_bytes();
std::uint64_t open_descriptors();

}  // namespace pabal::app
