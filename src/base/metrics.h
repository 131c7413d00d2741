// Counters, gauges and histograms, and their text for Prometheus.
//
// One Metrics object is built by the wiring and handed to whoever counts; it must outlive them. Who
// counts asks for its metric once and keeps the reference, which stays good as long as the Metrics:
//
//     Counter& accepted = metrics.counter("pabal_smtp_connections_total", "Connections accepted");
//     CounterFamily& replies = metrics.counters("pabal_smtp_replies_total", "Replies by class", {"class"});
//     Counter& refused = replies.with({"5xx"});
//     ...
//     accepted.add();
//
// Counting may happen on any thread, takes no lock and costs some nanoseconds. Asking for a metric takes
// a lock: do it at construction, not a letter. Asking again for the same name gives the same metric; with
// another type or other labels it is a bug of ours, and a check fails.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pabal {

/// The media type of Metrics::exposition().
inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

/// Labels may come from a peer (a domain, say). What is over these bounds is cut, or counted under
/// `other`: a scraper's memory is not for a stranger to fill.
inline constexpr std::size_t kMaxLabelValueBytes = 128;
inline constexpr std::size_t kDefaultMaxSeries = 64;
/// Threads count on different cache lines as long as there are no more of them than this.
inline constexpr std::size_t kMetricShards = 8;
inline constexpr std::size_t kMaxHistogramBounds = 20;

/// A literal that Prometheus takes as a name: [a-z_][a-z0-9_]*.
class MetricName {
 public:
  template <std::size_t size>
  consteval MetricName(const char (&text)[size])  // NOLINT(google-explicit-constructor)
      : text_(text, size - 1) {
    if (text_.empty() || text_.starts_with("__") || text_ == "le") throw "a reserved metric or label name";
    for (std::size_t i = 0; i < text_.size(); ++i) {
      const char c = text_[i];
      const bool fits = (c >= 'a' && c <= 'z') || c == '_' || (i > 0 && c >= '0' && c <= '9');
      if (!fits) throw "a metric name is snake_case";
    }
  }
  constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

namespace detail {
/// Threads that run at the same time count on different ones.
std::size_t metric_shard();
}  // namespace detail

/// Only rises. A name ends in _total.
class Counter {
 public:
  void add(std::uint64_t by = 1) {
    shards_[detail::metric_shard()].count.fetch_add(by, std::memory_order_relaxed);
  }
  std::uint64_t value() const;

 private:
  struct alignas(64) Shard {
    std::atomic<std::uint64_t> count{0};
  };
  std::array<Shard, kMetricShards> shards_;
};

/// Rises and falls.
class Gauge {
 public:
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t by) { value_.fetch_add(by, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

  /// Counts itself in while it lives: `const Gauge::Presence here(connections);`
  class Presence {
   public:
    explicit Presence(Gauge& gauge) : gauge_(gauge) { gauge_.add(1); }
    ~Presence() { gauge_.add(-1); }
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;

   private:
    Gauge& gauge_;
  };

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Upper bounds of buckets, rising; the one without a bound is implied.
using HistogramBounds = std::span<const double>;
/// From a tenth of a millisecond to a minute: name such a histogram _seconds.
inline constexpr double kSecondsBounds[] = {.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05,
                                            .1,    .25,    .5,    1,    2.5,   5,    10,  30,   60};
/// From 256 bytes to 64 MiB: name such a histogram _bytes.
inline constexpr double kBytesBounds[] = {256,    1024,    4096,    16384,    65536,
                                          262144, 1048576, 4194304, 16777216, 67108864};

/// How observed values are spread.
class Histogram {
 public:
  /// At most kMaxHistogramBounds of them.
  explicit Histogram(HistogramBounds bounds);

  void observe(double value);
  void observe(std::chrono::nanoseconds value) { observe(std::chrono::duration<double>(value).count()); }

  struct Snapshot {
    std::vector<std::uint64_t> counts;  ///< by bucket, not summed up; the last is the one without a bound
    double sum = 0;
  };
  Snapshot snapshot() const;
  HistogramBounds bounds() const { return {bounds_.data(), bounds_count_}; }

 private:
  struct alignas(64) Shard {
    std::atomic<double> sum{0};
    std::array<std::atomic<std::uint64_t>, kMaxHistogramBounds + 1> counts{};
  };

  std::array<double, kMaxHistogramBounds> bounds_{};
  std::size_t bounds_count_;
  std::array<Shard, kMetricShards> shards_;
};

using LabelNames = std::initializer_list<MetricName>;
/// In the order of the names.
using LabelValues = std::initializer_list<std::string_view>;

namespace detail {

/// What the text shows under one name.
class MetricEntry {
 public:
  enum class Type { kCounter, kGauge, kHistogram };

  MetricEntry(Type type, std::string_view help, LabelNames labels);
  virtual ~MetricEntry() = default;
  virtual void append_series(std::string& out, std::string_view name) const = 0;
  virtual std::uint64_t over_limit() const { return 0; }

  Type type() const { return type_; }
  const std::string& help() const { return help_; }
  const std::vector<std::string_view>& labels() const { return labels_; }

 private:
  const Type type_;
  const std::string help_;
  const std::vector<std::string_view> labels_;
};

struct LessByText {
  using is_transparent = void;
  bool operator()(const auto& a, const auto& b) const {
    return std::ranges::lexicographical_compare(a, b, std::less<std::string_view>{});
  }
};

}  // namespace detail

/// The series of one name, told apart by their labels.
template <class Series>
class MetricFamily final : public detail::MetricEntry {
 public:
  /// As many values as there are names. Over the family's bound the answer is the series whose labels
  /// are all `other`, and pabal_metrics_series_over_limit_total counts it.
  Series& with(LabelValues values);

 private:
  friend class Metrics;
  MetricFamily(std::string_view help, LabelNames labels, HistogramBounds bounds, std::size_t max_series);

  Series& find_or_add(const std::vector<std::string>& values);
  void append_series(std::string& out, std::string_view name) const override;
  std::uint64_t over_limit() const override { return over_limit_.load(std::memory_order_relaxed); }

  const HistogramBounds bounds_;
  const std::size_t max_series_;
  std::atomic<std::uint64_t> over_limit_{0};
  mutable std::shared_mutex mutex_;
  std::map<std::vector<std::string>, std::unique_ptr<Series>, detail::LessByText> series_;
};

using CounterFamily = MetricFamily<Counter>;
using GaugeFamily = MetricFamily<Gauge>;
using HistogramFamily = MetricFamily<Histogram>;

class Metrics {
 public:
  Metrics() = default;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  Counter& counter(MetricName name, std::string_view help);
  Gauge& gauge(MetricName name, std::string_view help);
  /// The bounds must live as long as the metrics: a constant.
  Histogram& histogram(MetricName name, std::string_view help, HistogramBounds bounds = kSecondsBounds);

  CounterFamily& counters(MetricName name, std::string_view help, LabelNames labels,
                          std::size_t max_series = kDefaultMaxSeries);
  GaugeFamily& gauges(MetricName name, std::string_view help, LabelNames labels,
                      std::size_t max_series = kDefaultMaxSeries);
  HistogramFamily& histograms(MetricName name, std::string_view help, LabelNames labels,
                              HistogramBounds bounds = kSecondsBounds,
                              std::size_t max_series = kDefaultMaxSeries);

  /// Ends a callback when it is destroyed: the function is not called again, and its name is gone from
  /// the text. Must not outlive the Metrics.
  class [[nodiscard]] Registration {
   public:
    Registration() = default;
    ~Registration();
    Registration(Registration&& other) noexcept
        : metrics_(std::exchange(other.metrics_, nullptr)), name_(other.name_) {}
    Registration& operator=(Registration&& other) noexcept {
      std::swap(metrics_, other.metrics_);
      std::swap(name_, other.name_);
      return *this;
    }

   private:
    friend class Metrics;
    Registration(Metrics& metrics, std::string_view name) : metrics_(&metrics), name_(name) {}

    Metrics* metrics_ = nullptr;
    std::string_view name_;
  };
  /// A value that somebody keeps already, asked for whenever the text is made, on that thread. The
  /// function must not wait, and must not call this object.
  Registration gauge_callback(MetricName name, std::string_view help, std::function<double()> value);
  Registration counter_callback(MetricName name, std::string_view help, std::function<double()> value);

  /// All of it in Prometheus' text format 0.0.4, sorted by name. Others count on meanwhile, so two
  /// metrics may be a moment apart.
  std::string exposition() const;

 private:
  template <class Series>
  MetricFamily<Series>& family(MetricName name, std::string_view help, LabelNames labels,
                               HistogramBounds bounds, std::size_t max_series);
  Registration callback(detail::MetricEntry::Type type, MetricName name, std::string_view help,
                        std::function<double()> value);

  mutable std::mutex mutex_;
  std::map<std::string_view, std::unique_ptr<detail::MetricEntry>> entries_;  // names are literals
};

}  // namespace pabal
