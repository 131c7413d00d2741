// SORT and THREAD over a hundred thousand letters: keys made from envelopes, and then used again.

#include "mailbox/order.h"

#include <fmt/format.h>

#include <ctime>
#include <numeric>
#include <string_view>

#include "letters.h"
#include "mailbox/threads.h"
#include "message/envelope.h"

namespace pabal::bench {
namespace {

/// Milliseconds of the processor's time, so that what else the machine does counts as little as can be.
double now() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

/// The best of five, in milliseconds.
template <class Work>
double best_of(Work&& work) {
  double best = 1e9;
  for (int round = 0; round < 5; ++round) {
    const double start = now();
    work();
    best = std::min(best, now() - start);
  }
  return best;
}

/// Answers to letters before them, most with the whole line of references.
std::vector<std::string> stored_envelopes(std::size_t count) {
  std::mt19937_64 random(3);
  struct Past {
    std::string id;
    std::string references;
    std::string subject;
  };
  std::vector<Past> past;
  std::vector<std::string> envelopes;
  for (std::size_t i = 0; i < count; ++i) {
    Past letter{.id = fmt::format("<{:016x}.{}@company{}.example>", random(), i, random() % 300),
                .references = {},
                .subject = fmt::format("{} about item {}",
                                       random() % 5 ? "A question" : "=?utf-8?B?67KI7Jet?=", random())};
    if (i > 0 && random() % 3 > 0) {
      const Past& answered = past[random() % past.size()];
      letter.references = answered.references.substr(0, 600) + " " + answered.id;
      letter.subject = answered.subject.starts_with("Re: ") ? answered.subject : "Re: " + answered.subject;
    }
    const std::string header = fmt::format(
        "From: Person {0} <person{0}@company{1}.example>\r\nTo: Bob <bob@hamburger.edu>\r\nSubject: {2}\r\n"
        "Date: Fri, {3} Nov 2025 {4:02}:{5:02}:06 -0600\r\nMessage-ID: {6}\r\nReferences: {7}\r\n\r\n",
        random() % 2000, random() % 300, letter.subject, 1 + random() % 28, random() % 24, random() % 60,
        letter.id, letter.references);
    envelopes.push_back(message::encode_envelope(message::parse_envelope(header)));
    past.push_back(std::move(letter));
  }
  return envelopes;
}

}  // namespace

void bench_order(std::size_t rows) {
  const std::vector<std::string> stored = stored_envelopes(rows);
  std::vector<message::EnvelopeView> envelopes;
  double start = now();
  for (const std::string& bytes : stored) envelopes.push_back(*message::view_envelope(bytes));
  fmt::print("\n{} envelopes viewed in {:.0f} ms\n", rows, now() - start);
  std::vector<std::uint32_t> slots(rows);
  std::iota(slots.begin(), slots.end(), 0U);
  const auto row_of = [](std::size_t i) {
    return mailbox::Row{.uid = mailbox::Uid(1), .size_bytes = static_cast<std::uint32_t>(i * 7919 % 100'000)};
  };

  const struct {
    std::string_view name;
    mailbox::OrderBy by;
    bool reverse;
  } kSorts[] = {{"SORT (SUBJECT)", mailbox::OrderBy::kSubject, false},
                {"SORT (REVERSE DATE)", mailbox::OrderBy::kDate, true},
                {"SORT (FROM)", mailbox::OrderBy::kFrom, false},
                {"SORT (DISPLAYFROM)", mailbox::OrderBy::kDisplayFrom, false},
                {"SORT (SIZE)", mailbox::OrderBy::kSize, false}};
  for (const auto& sort : kSorts) {
    mailbox::OrderColumn column(sort.by);
    start = now();
    for (std::size_t i = 0; i < rows; ++i) column.add(row_of(i), &envelopes[i]);
    column.settle();
    const double made = now() - start;
    const std::vector<mailbox::OrderTerm> terms = {{&column, sort.reverse}};
    const double sorted = best_of([&] { return mailbox::sort_slots(slots, terms).size(); });
    fmt::print("  {:<24} keys {:7.1f} ms, {:5.1f} MB   sort {:6.2f} ms\n", sort.name, made,
               static_cast<double>(column.memory_bytes()) / 1e6, sorted);
  }

  mailbox::ThreadKeys keys;
  start = now();
  for (std::size_t i = 0; i < rows; ++i) keys.add(row_of(i), envelopes[i]);
  fmt::print("  {:<24} keys {:7.1f} ms, {:5.1f} MB\n", "THREAD", now() - start,
             static_cast<double>(keys.memory_bytes()) / 1e6);
  std::size_t items = 0;
  fmt::print("  {:<24} {:6.2f} ms\n", "THREAD REFERENCES",
             best_of([&] { items += mailbox::thread_by_references(keys, slots).size(); }));
  fmt::print("  {:<24} {:6.2f} ms\n", "THREAD ORDEREDSUBJECT",
             best_of([&] { items += mailbox::thread_by_subject(keys, slots).size(); }));
  if (items == 0) fmt::print("nothing\n");
}

}  // namespace pabal::bench
