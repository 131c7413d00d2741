#include "base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <sstream>
#include <thread>

namespace pabal {
namespace {

using testing::HasSubstr;
using testing::Not;

/// The text read back as a scraper does, strictly. Samples by "name{labels as written}".
struct Scrape {
  std::map<std::string, std::string> type, help;
  std::map<std::string, double> samples;
};

std::optional<Scrape> scrape(const std::string& text) {
  Scrape result;
  std::istringstream lines(text);
  if (!text.ends_with('\n')) return std::nullopt;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string hash, kind, name, rest;
    if (line.starts_with("# ")) {
      words >> hash >> kind >> name;
      std::getline(words >> std::ws, rest);
      if (!(kind == "HELP" ? result.help : result.type).emplace(name, rest).second) return std::nullopt;
      continue;
    }
    const std::size_t space = line.rfind(' ');
    if (space == std::string::npos) return std::nullopt;
    std::string number = line.substr(space + 1);
    if (number == "+Inf") number = "inf";
    std::size_t used = 0;
    const double value = std::stod(number, &used);
    if (used != number.size()) return std::nullopt;
    if (!result.samples.emplace(line.substr(0, space), value).second) return std::nullopt;
  }
  return result;
}

TEST(Metrics, WritesWhatPrometheusReads) {
  Metrics metrics;
  metrics.counter("letters_total", "Letters\nand \\ more").add(3);
  metrics.gauge("connections", "Open connections").set(-2);
  metrics.counters("replies_total", "Replies", {"class", "verb"}).with({"2xx", "MAIL"}).add();
  const auto uptime = metrics.gauge_callback("uptime_seconds", "Since the start", [] { return 1.5; });
  EXPECT_EQ(
      metrics.exposition(),
      "# HELP connections Open connections\n"
      "# TYPE connections gauge\n"
      "connections -2\n"
      "# HELP letters_total Letters\\nand \\\\ more\n"
      "# TYPE letters_total counter\n"
      "letters_total 3\n"
      "# HELP replies_total Replies\n"
      "# TYPE replies_total counter\n"
      "replies_total{class=\"2xx\",verb=\"MAIL\"} 1\n"
      "# HELP uptime_seconds Since the start\n"
      "# TYPE uptime_seconds gauge\n"
      "uptime_seconds 1.5\n"
      "# HELP pabal_metrics_series_over_limit_total Label values that were counted under `other`, by metric\n"
      "# TYPE pabal_metrics_series_over_limit_total counter\n");
}

TEST(Metrics, HistogramsAreCumulative) {
  static constexpr double kBounds[] = {1, 2.5, 10};
  Metrics metrics;
  Histogram& histogram = metrics.histograms("wait_seconds", "Waits", {"kind"}, kBounds).with({"dns"});
  for (const double value : {0.5, 1.0, 2.0, 100.0, std::nan("")}) histogram.observe(value);
  histogram.observe(std::chrono::milliseconds(2500));
  const auto scraped = scrape(metrics.exposition());
  ASSERT_TRUE(scraped);
  EXPECT_EQ(scraped->type.at("wait_seconds"), "histogram");
  const std::map<std::string, double> want = {
      {R"(wait_seconds_bucket{kind="dns",le="1"})", 2},  {R"(wait_seconds_bucket{kind="dns",le="2.5"})", 4},
      {R"(wait_seconds_bucket{kind="dns",le="10"})", 4}, {R"(wait_seconds_bucket{kind="dns",le="+Inf"})", 5},
      {R"(wait_seconds_sum{kind="dns"})", 106},          {R"(wait_seconds_count{kind="dns"})", 5},
  };
  EXPECT_EQ(scraped->samples, want);
}

TEST(Metrics, LabelValuesAreEscapedRepairedAndCut) {
  Metrics metrics;
  CounterFamily& family = metrics.counters("x_total", "X", {"who"});
  family.with({"a \"b\" \\ \n c"}).add();
  family.with({"caf\xe9"}).add();
  family.with({std::string(1000, 'y')}).add();
  family.with({std::string(1001, 'y')}).add();
  const auto scraped = scrape(metrics.exposition());
  ASSERT_TRUE(scraped);
  EXPECT_EQ(scraped->samples.at(R"(x_total{who="a \"b\" \\ \n c"})"), 1);
  EXPECT_EQ(scraped->samples.at("x_total{who=\"caf\ufffd\"}"), 1);
  EXPECT_EQ(scraped->samples.at("x_total{who=\"" + std::string(kMaxLabelValueBytes, 'y') + "\"}"), 2);
}

TEST(Metrics, StrangersCannotMakeSeriesWithoutBound) {
  Metrics metrics;
  CounterFamily& family = metrics.counters("domains_total", "Domains", {"domain", "kind"}, 3);
  for (int i = 0; i < 10; ++i) family.with({std::to_string(i), "mx"}).add();
  family.with({"0", "mx"}).add();
  const auto scraped = scrape(metrics.exposition());
  ASSERT_TRUE(scraped);
  EXPECT_EQ(scraped->samples.at(R"(domains_total{domain="0",kind="mx"})"), 2);
  EXPECT_EQ(scraped->samples.at(R"(domains_total{domain="other",kind="other"})"), 7);
  EXPECT_EQ(scraped->samples.at(R"(pabal_metrics_series_over_limit_total{metric="domains_total"})"), 7);
  EXPECT_EQ(scraped->samples.size(), 5u);
}

TEST(Metrics, TheSameNameIsTheSameMetric) {
  Metrics metrics;
  EXPECT_EQ(&metrics.counter("a_total", "A"), &metrics.counter("a_total", "A"));
  EXPECT_NE(&metrics.counter("a_total", "A"), &metrics.counter("b_total", "B"));
  CounterFamily& family = metrics.counters("c_total", "C", {"x"});
  EXPECT_EQ(&family.with({"1"}), &metrics.counters("c_total", "C", {"x"}).with({"1"}));
  EXPECT_DEATH(metrics.gauge("a_total", "A"), "promise");
  EXPECT_DEATH(metrics.counters("c_total", "C", {"y"}), "promise");
}

TEST(Metrics, ACallbackEndsWithItsRegistration) {
  Metrics metrics;
  {
    Metrics::Registration registration = metrics.counter_callback("seen_total", "Seen", [] { return 7; });
    const Metrics::Registration moved = std::move(registration);
    EXPECT_THAT(metrics.exposition(), HasSubstr("# TYPE seen_total counter\nseen_total 7\n"));
  }
  EXPECT_THAT(metrics.exposition(), Not(HasSubstr("seen_total")));
}

TEST(Metrics, InfinityAndNotANumberHaveTheirOwnWords) {
  Metrics metrics;
  const auto up = metrics.gauge_callback("up", "", [] { return INFINITY; });
  const auto down = metrics.gauge_callback("down", "", [] { return -INFINITY; });
  const auto odd = metrics.gauge_callback("odd", "", [] { return std::nan(""); });
  const auto text = metrics.exposition();
  EXPECT_THAT(text, HasSubstr("\nup +Inf\n"));
  EXPECT_THAT(text, HasSubstr("\ndown -Inf\n"));
  EXPECT_THAT(text, HasSubstr("\nodd NaN\n"));
}

TEST(Metrics, NothingIsLostBetweenThreads) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 5000;
  Metrics metrics;
  Counter& counter = metrics.counter("counted_total", "");
  Gauge& gauge = metrics.gauge("present", "");
  Histogram& histogram = metrics.histogram("spread_seconds", "");
  CounterFamily& family = metrics.counters("labelled_total", "", {"n"}, 8);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < kRounds; ++i) {
        counter.add(2);
        const Gauge::Presence here(gauge);
        histogram.observe(1.0);
        family.with({std::to_string(i % 16)}).add();
        if (i % 1000 == 0) EXPECT_TRUE(scrape(metrics.exposition()));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter.value(), 2u * kThreads * kRounds);
  EXPECT_EQ(gauge.value(), 0);
  EXPECT_EQ(histogram.snapshot().sum, 1.0 * kThreads * kRounds);
  const auto scraped = scrape(metrics.exposition());
  ASSERT_TRUE(scraped);
  double labelled = 0;
  for (const auto& [name, value] : scraped->samples)
    labelled += name.starts_with("labelled_total") ? value : 0;
  EXPECT_EQ(labelled, kThreads * kRounds);
}

}  // namespace
}  // namespace pabal
