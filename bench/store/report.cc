#include "report.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

namespace pabal::bench {

void Report::add(std::string_view measure, std::string_view what, double value, std::string_view unit) {
  rows_.push_back({std::string(measure), std::string(what), value, std::string(unit)});
  if (json_) return;
  const int digits = value >= 100 ? 0 : value >= 1 ? 2 : 3;
  fmt::print("{:<26} {:<34} {:>14.{}f} {}\n", measure, what, value, digits, unit);
  std::fflush(stdout);
}

void Report::note(std::string_view text) const {
  if (!json_) fmt::print("{}\n", text);
}

// Our own words alone, so nothing needs escaping.
void Report::print_json() const {
  if (!json_) return;
  fmt::print("[\n");
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Row& row = rows_[i];
    fmt::print("  {{\"measure\": \"{}\", \"what\": \"{}\", \"value\": {}, \"unit\": \"{}\"}}{}\n",
               row.measure, row.what, row.value, row.unit, i + 1 < rows_.size() ? "," : "");
  }
  fmt::print("]\n");
}

double Latencies::at(double share) {
  if (all_.empty()) return 0;
  std::ranges::sort(all_);
  return all_[std::min(all_.size() - 1, static_cast<std::size_t>(share * static_cast<double>(all_.size())))];
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::uint64_t disk_bytes_written() {
  std::ifstream in("/proc/self/io");
  std::string name;
  std::uint64_t value = 0;
  while (in >> name >> value) {
    if (name == "write_bytes:") return value;
  }
  return 0;
}

std::uint64_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  in >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t disk_usage(const std::string& directory) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    struct stat about;
    if (::stat(entry.path().c_str(), &about) == 0) bytes += static_cast<std::uint64_t>(about.st_blocks) * 512;
  }
  return bytes;
}

}  // namespace pabal::bench
