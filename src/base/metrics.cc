#include "base/metrics.h"

#include <fmt/format.h>
#include <sched.h>

#include <cmath>
#include <iterator>

#include "base/check.h"
#include "base/utf8.h"

namespace pabal {

namespace {

using Type = detail::MetricEntry::Type;

constexpr std::string_view kOther = "other";

std::string_view to_string(Type type) {
  switch (type) {
    case Type::kCounter:
      return "counter";
    case Type::kGauge:
      return "gauge";
    case Type::kHistogram:
      return "histogram";
  }
  return "untyped";
}

template <class Series>
constexpr Type type_of() {
  if constexpr (std::is_same_v<Series, Counter>) return Type::kCounter;
  if constexpr (std::is_same_v<Series, Gauge>) return Type::kGauge;
  return Type::kHistogram;
}

void append_escaped(std::string& out, std::string_view text, bool in_quotes) {
  for (const char c : text) {
    if (c == '\n') {
      out.append("\\n");
    } else if (c == '\\' || (in_quotes && c == '"')) {
      out.append({'\\', c});
    } else {
      out.push_back(c);
    }
  }
}

void append_number(std::string& out, double value) {
  if (std::isfinite(value)) {
    fmt::format_to(std::back_inserter(out), "{}", value);
  } else {
    out.append(std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
  }
}
void append_number(std::string& out, std::integral auto value) {
  fmt::format_to(std::back_inserter(out), "{}", value);
}

void append_heading(std::string& out, std::string_view name, Type type, std::string_view help) {
  fmt::format_to(std::back_inserter(out), "# HELP {} ", name);
  append_escaped(out, help, false);
  fmt::format_to(std::back_inserter(out), "\n# TYPE {} {}\n", name, to_string(type));
}

/// `name="value",...` without the braces, since a histogram adds one of its own.
std::string labels_text(const std::vector<std::string_view>& names, const std::vector<std::string>& values) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    fmt::format_to(std::back_inserter(out), "{}{}=\"", i > 0 ? "," : "", names[i]);
    append_escaped(out, values[i], true);
    out.push_back('"');
  }
  return out;
}

void append_sample(std::string& out, std::string_view name, std::string_view labels, auto value) {
  out.append(name);
  if (!labels.empty()) fmt::format_to(std::back_inserter(out), "{{{}}}", labels);
  out.push_back(' ');
  append_number(out, value);
  out.push_back('\n');
}

void append_histogram(std::string& out, std::string_view name, const std::string& labels,
                      const Histogram& histogram) {
  const Histogram::Snapshot snapshot = histogram.snapshot();
  const std::string bucket_name = fmt::format("{}_bucket", name);
  const std::string comma = labels.empty() ? "" : ",";
  std::uint64_t at_most = 0;
  for (std::size_t i = 0; i < snapshot.counts.size(); ++i) {
    at_most += snapshot.counts[i];
    const bool bounded = i < histogram.bounds().size();
    const std::string bound = bounded ? fmt::format("{}", histogram.bounds()[i]) : "+Inf";
    append_sample(out, bucket_name, fmt::format("{}{}le=\"{}\"", labels, comma, bound), at_most);
  }
  append_sample(out, fmt::format("{}_sum", name), labels, snapshot.sum);
  append_sample(out, fmt::format("{}_count", name), labels, at_most);
}

class CallbackEntry final : public detail::MetricEntry {
 public:
  CallbackEntry(Type type, std::string_view help, std::function<double()> value)
      : MetricEntry(type, help, {}), value_(std::move(value)) {}

  void append_series(std::string& out, std::string_view name) const override {
    append_sample(out, name, {}, value_());
  }

 private:
  const std::function<double()> value_;
};

}  // namespace

std::size_t detail::metric_shard() {
  // The processor that runs us: glibc reads it from memory that the kernel shares (rseq). We may be moved
  // right after; then two share a shard for a moment, which is slower and still right.
  return static_cast<std::size_t>(::sched_getcpu()) % kMetricShards;
}

detail::MetricEntry::MetricEntry(Type type, std::string_view help, LabelNames labels)
    : type_(type), help_(help), labels_([&] {
        std::vector<std::string_view> names;
        for (const MetricName& name : labels) names.push_back(name.text());
        return names;
      }()) {}

std::uint64_t Counter::value() const {
  std::uint64_t total = 0;
  for (const Shard& shard : shards_) total += shard.count.load(std::memory_order_relaxed);
  return total;
}

Histogram::Histogram(HistogramBounds bounds) : bounds_count_(bounds.size()) {
  PABAL_CHECK(bounds.size() <= kMaxHistogramBounds);
  PABAL_CHECK(std::ranges::is_sorted(bounds));
  std::ranges::copy(bounds, bounds_.begin());
}

void Histogram::observe(double value) {
  if (std::isnan(value)) return;  // it would spoil the sum for ever
  const HistogramBounds all = bounds();
  const auto bucket = static_cast<std::size_t>(std::ranges::lower_bound(all, value) - all.begin());
  Shard& shard = shards_[detail::metric_shard()];
  shard.counts[bucket].fetch_add(1, std::memory_order_relaxed);
  shard.sum.fetch_add(value, std::memory_order_relaxed);
}

Histogram::Snapshot Histogram::snapshot() const {
  Snapshot snapshot;
  snapshot.counts.resize(bounds_count_ + 1);
  for (const Shard& shard : shards_) {
    snapshot.sum += shard.sum.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < snapshot.counts.size(); ++i) {
      snapshot.counts[i] += shard.counts[i].load(std::memory_order_relaxed);
    }
  }
  return snapshot;
}

template <class Series>
MetricFamily<Series>::MetricFamily(std::string_view help, LabelNames labels, HistogramBounds bounds,
                                   std::size_t max_series)
    : MetricEntry(type_of<Series>(), help, labels), bounds_(bounds), max_series_(max_series) {}

template <class Series>
Series& MetricFamily<Series>::with(LabelValues values) {
  PABAL_CHECK(values.size() == labels().size());
  {
    const std::shared_lock lock(mutex_);
    if (const auto found = series_.find(values); found != series_.end()) return *found->second;
  }
  std::vector<std::string> kept;
  for (const std::string_view value : values) {
    kept.push_back(repair_utf8(utf8_prefix(value, kMaxLabelValueBytes)));
  }
  return find_or_add(kept);
}

template <class Series>
Series& MetricFamily<Series>::find_or_add(const std::vector<std::string>& values) {
  const std::unique_lock lock(mutex_);
  if (const auto found = series_.find(values); found != series_.end()) return *found->second;
  const std::vector<std::string> other(values.size(), std::string(kOther));
  const bool room = series_.size() - series_.count(other) < max_series_;
  if (!room) over_limit_.fetch_add(1, std::memory_order_relaxed);
  std::unique_ptr<Series>& series = series_[room ? values : other];
  if (!series) {
    if constexpr (std::is_same_v<Series, Histogram>) {
      series = std::make_unique<Series>(bounds_);
    } else {
      series = std::make_unique<Series>();
    }
  }
  return *series;
}

template <class Series>
void MetricFamily<Series>::append_series(std::string& out, std::string_view name) const {
  const std::shared_lock lock(mutex_);
  for (const auto& [values, series] : series_) {
    const std::string labels_shown = labels_text(labels(), values);
    if constexpr (std::is_same_v<Series, Histogram>) {
      append_histogram(out, name, labels_shown, *series);
    } else {
      append_sample(out, name, labels_shown, series->value());
    }
  }
}

template class MetricFamily<Counter>;
template class MetricFamily<Gauge>;
template class MetricFamily<Histogram>;

template <class Series>
MetricFamily<Series>& Metrics::family(MetricName name, std::string_view help, LabelNames labels,
                                      HistogramBounds bounds, std::size_t max_series) {
  std::unique_ptr<MetricFamily<Series>> made(new MetricFamily<Series>(help, labels, bounds, max_series));
  const std::lock_guard lock(mutex_);
  const auto [entry, added] = entries_.try_emplace(name.text(), nullptr);
  if (added) {
    MetricFamily<Series>& family = *made;
    entry->second = std::move(made);
    return family;
  }
  auto* family = dynamic_cast<MetricFamily<Series>*>(entry->second.get());
  PABAL_CHECK(family != nullptr && family->labels() == made->labels());
  return *family;
}

Counter& Metrics::counter(MetricName name, std::string_view help) {
  return counters(name, help, {}).with({});
}
Gauge& Metrics::gauge(MetricName name, std::string_view help) { return gauges(name, help, {}).with({}); }
Histogram& Metrics::histogram(MetricName name, std::string_view help, HistogramBounds bounds) {
  return histograms(name, help, {}, bounds).with({});
}

CounterFamily& Metrics::counters(MetricName name, std::string_view help, LabelNames labels,
                                 std::size_t max_series) {
  return family<Counter>(name, help, labels, {}, max_series);
}
GaugeFamily& Metrics::gauges(MetricName name, std::string_view help, LabelNames labels,
                             std::size_t max_series) {
  return family<Gauge>(name, help, labels, {}, max_series);
}
HistogramFamily& Metrics::histograms(MetricName name, std::string_view help, LabelNames labels,
                                     HistogramBounds bounds, std::size_t max_series) {
  return family<Histogram>(name, help, labels, bounds, max_series);
}

Metrics::Registration::~Registration() {
  if (metrics_ == nullptr) return;
  const std::lock_guard lock(metrics_->mutex_);
  metrics_->entries_.erase(name_);
}

Metrics::Registration Metrics::callback(Type type, MetricName name, std::string_view help,
                                        std::function<double()> value) {
  const std::lock_guard lock(mutex_);
  const bool added =
      entries_.try_emplace(name.text(), std::make_unique<CallbackEntry>(type, help, std::move(value))).second;
  PABAL_CHECK(added);
  return Registration(*this, name.text());
}
Metrics::Registration Metrics::gauge_callback(MetricName name, std::string_view help,
                                              std::function<double()> value) {
  return callback(Type::kGauge, name, help, std::move(value));
}
Metrics::Registration Metrics::counter_callback(MetricName name, std::string_view help,
                                                std::function<double()> value) {
  return callback(Type::kCounter, name, help, std::move(value));
}

std::string Metrics::exposition() const {
  constexpr std::string_view kOverLimit = "pabal_metrics_series_over_limit_total";
  std::string out;
  std::string over_limit;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, entry] : entries_) {
    append_heading(out, name, entry->type(), entry->help());
    entry->append_series(out, name);
    if (entry->over_limit() == 0) continue;
    append_sample(over_limit, kOverLimit, fmt::format("metric=\"{}\"", name), entry->over_limit());
  }
  append_heading(out, kOverLimit, Type::kCounter, "Label values that were counted under `other`, by metric");
  out.append(over_limit);
  return out;
}

}  // namespace pabal
