// What was measured, as a table for people or as JSON for scripts; and the ways to measure a process.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pabal::bench {

class Report {
 public:
  explicit Report(bool json) : json_(json) {}

  /// Printed at once for people, so that a long run shows that it lives.
  void add(std::string_view measure, std::string_view what, double value, std::string_view unit);
  /// A line for people alone.
  void note(std::string_view text) const;
  void print_json() const;

 private:
  struct Row {
    std::string measure;
    std::string what;
    double value;
    std::string unit;
  };

  const bool json_;
  std::vector<Row> rows_;
};

/// Durations of one kind of call.
class Latencies {
 public:
  void add(double milliseconds) { all_.push_back(milliseconds); }
  void add_all(const Latencies& other) { all_.insert(all_.end(), other.all_.begin(), other.all_.end()); }
  std::size_t count() const { return all_.size(); }
  /// Of `share` of the calls, none took longer. Sorts.
  double at(double share);

 private:
  std::vector<double> all_;
};

/// Since some moment; only differences mean something.
double seconds_now();
/// What this process had the disk write, and what it holds in memory.
std::uint64_t disk_bytes_written();
std::uint64_t resident_bytes();
/// What a directory's files take on the disk.
std::uint64_t disk_usage(const std::string& directory);

}  // namespace pabal::bench
