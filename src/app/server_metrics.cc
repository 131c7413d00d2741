#include "app/server_metrics.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "app/version.h"

namespace pabal::app {

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  if (!(statm >> total >> resident)) return 0;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t open_descriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/self/fd", error);
  if (error) return 0;
  return static_cast<std::uint64_t>(std::distance(begin(files), end(files)));
}

ServerMetrics::ServerMetrics(Metrics& metrics, const store::EmbeddedEngine& store, const LogWriter& log,
                             WallTime started) {
  metrics.gauges("pabal_build_info", "Which Pabal runs; always 1", {"version"}).with({kVersion}).set(1);
  const auto gauge = [&](MetricName name, std::string_view help, std::function<double()> value) {
    registrations_.push_back(metrics.gauge_callback(name, help, std::move(value)));
  };
  const auto counter = [&](MetricName name, std::string_view help, std::function<double()> value) {
    registrations_.push_back(metrics.counter_callback(name, help, std::move(value)));
  };
  const auto number = [](auto value) { return static_cast<double>(value); };
  const double start = std::chrono::duration<double>(started.time_since_epoch()).count();

  gauge("process_start_time_seconds", "When the process started, as Unix time", [=] { return start; });
  gauge("process_resident_memory_bytes", "Memory that the process holds",
        [=] { return number(resident_bytes()); });
  gauge("process_open_fds", "Open file descriptors", [=] { return number(open_descriptors()); });
  counter("pabal_store_commits_total", "Durable commits",
          [&, number] { return number(store.stats().commits); });
  counter("pabal_store_synced_writes_total", "Synced writes, each for a group of commits",
          [&, number] { return number(store.stats().groups); });
  counter("pabal_store_blobs_total", "Blobs stored",
          [&, number] { return number(store.stats().blobs_stored); });
  gauge("pabal_store_disk_bytes", "What the store takes on disk",
        [&, number] { return number(store.stats().disk_bytes); });
  gauge("pabal_store_refuses_writes", "1 while the store refuses writes",
        [&] { return store.stats().write_failure.empty() ? 0.0 : 1.0; });
  counter("pabal_log_dropped_lines_total", "Log lines that were dropped because the log could not be written",
          [&, number] { return number(log.counts().dropped_lines); });
}

}  // namespace pabal::app
