// What a folder's table costs: see README.md.
#include <fmt/core.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <random>
#include <string_view>
#include <vector>

#include "mailbox/log_ops.h"
#include "mailbox/page_codec.h"
#include "mailbox/table_change.h"
#include "mailbox/view.h"

using namespace pabal;
using namespace pabal::mailbox;

namespace {

/// The processor's time, so that others on the machine count less.
double micros_now() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

/// The median of what one call of `work` takes.
double measure(int rounds, const std::function<void()>& work) {
  std::vector<double> taken;
  for (int i = 0; i < rounds; ++i) {
    const double start = micros_now();
    work();
    taken.push_back(micros_now() - start);
  }
  std::ranges::nth_element(taken, taken.begin() + rounds / 2);
  return taken[static_cast<std::size_t>(rounds) / 2];
}

void report(std::string_view what, double micros, double bar) {
  fmt::print("{:<58} {:>10.1f} us   bar {:>8.0f} us   {}\n", what, micros, bar,
             micros <= bar ? "met" : "MISSED");
}

/// A folder as deliveries make it: ids with gaps, sizes and times as they come.
op::RowsCame letters(std::uint32_t first_uid, std::size_t count) {
  std::mt19937 random(first_uid);
  op::RowsCame came{.folder = kInbox, .first_uid = Uid(first_uid)};
  std::uint64_t letter = first_uid * 2;
  std::int64_t received = 1'700'000'000;
  for (std::size_t i = 0; i < count; ++i) {
    letter += 1 + (random() % 4 == 0 ? 1 : 0);
    received += random() % 600;
    came.rows.push_back({.letter = LetterId(letter),
                         .size_bytes = 2000 + static_cast<std::uint32_t>(random() % 60'000),
                         .flags = random() % 10 == 0 ? Flags() : kSeen,
                         .received = std::chrono::sys_seconds(std::chrono::seconds(received))});
  }
  return came;
}

Table folder_of(std::size_t count) {
  TableBuilder builder(kInbox);
  builder.apply(ModSeq(1), {}, letters(1, count));
  return builder.freeze(ModSeq(1));
}

op::FlagsChanged flag(std::uint32_t first, std::uint32_t last, int round) {
  return {.folder = kInbox,
          .uids = UidSet({Uid(first), Uid(last)}),
          .how = round % 2 == 0 ? FlagEdit::kAdd : FlagEdit::kRemove,
          .flags = kFlagged};
}

void measure_changes(std::size_t rows, int rounds) {
  Table table = folder_of(rows);
  std::mt19937 random(1);
  std::uint64_t change = 1;
  std::uint32_t next = static_cast<std::uint32_t>(rows) + 1;
  const std::string of = fmt::format(", of {} rows", rows);
  report("one row's flag" + of,
         measure(rounds,
                 [&] {
                   const auto uid = static_cast<std::uint32_t>(1 + random() % rows);
                   ++change;
                   table =
                       next_table(table, ModSeq(change), {}, flag(uid, uid, static_cast<int>(random() % 2)));
                 }),
         20);
  report("one letter more" + of,
         measure(rounds, [&] { table = next_table(table, ModSeq(++change), {}, letters(next++, 1)); }), 20);
  report("one letter less" + of,
         measure(rounds,
                 [&] {
                   const auto uid = static_cast<std::uint32_t>(1 + random() % rows);
                   table = next_table(table, ModSeq(++change), {},
                                      op::RowsLeft{.folder = kInbox, .uids = UidSet({Uid(uid), Uid(uid)})});
                 }),
         20);
  int round = 0;
  const std::uint32_t many = std::min<std::uint32_t>(100'000, static_cast<std::uint32_t>(rows));
  report(fmt::format("the flags of {}", many) + of,
         measure(std::max(rounds / 50, 1),
                 [&] { table = next_table(table, ModSeq(++change), {}, flag(1, many, round++)); }),
         5000);
}

void measure_views(std::size_t rows, int rounds) {
  const Table told = folder_of(rows);
  const UidSet uids = told->uids();
  const auto middle = static_cast<std::uint32_t>(rows / 2);
  const Table now = next_table(told, ModSeq(2), {}, flag(middle, middle, 0));
  std::size_t found = 0;
  const std::string of = fmt::format(", of {} rows", rows);
  report("what one change means to a session" + of,
         measure(rounds, [&] { found += compare(*told, *now).changed.size(); }), 1000);
  report("the same, to one that knows UIDs alone" + of,
         measure(rounds, [&] { found += compare(uids, *now, ModSeq(1)).changed.size(); }), 1000);
  if (found != 2 * static_cast<std::size_t>(rounds)) fmt::print("WRONG: {} changes found\n", found);
}

void measure_pages(std::size_t rows, int rounds) {
  const Table table = folder_of(rows);
  std::vector<std::string> pages;
  std::size_t bytes = 0;
  const auto encode_all = [&] {
    pages.clear();
    bytes = 0;
    for (std::size_t i = 0; i < table->page_count(); ++i) {
      pages.push_back(encode_page(ModSeq(1), table->page(i).rows));
      bytes += pages.back().size();
    }
  };
  const std::string of = fmt::format(" the pages of {} rows", rows);
  report("encode" + of, measure(rounds, encode_all), 20'000);
  const auto load = [&] {
    std::vector<StoredPage> stored;
    for (const std::string& page : pages) stored.push_back(*decode_page(page));
    return stored;
  };
  report("decode" + of, measure(rounds, [&] { load(); }), 10'000);
  fmt::print("  {:.1f} bytes a row stored, {:.1f} in memory\n",
             static_cast<double>(bytes) / static_cast<double>(rows),
             static_cast<double>(table->memory_bytes()) / static_cast<double>(rows));

  // 5,000 changes of one row each since the checkpoint.
  std::vector<LogRecord> log;
  std::mt19937 random(1);
  for (std::uint64_t change = 2; change < 5002; ++change) {
    const auto uid = static_cast<std::uint32_t>(1 + random() % rows);
    log.push_back({.after = {.last_change = ModSeq(change)}, .operations = {flag(uid, uid, 0)}});
  }
  std::vector<std::string> values;
  for (const LogRecord& record : log) values.push_back((*encode(record))[0]);
  report("load those, and replay 5000 changes",
         measure(rounds,
                 [&] {
                   TableBuilder builder(kInbox, load());
                   LogReader reader;
                   for (std::size_t i = 0; i < values.size(); ++i) {
                     const auto record = reader.read(log_key(log[i].after.last_change), values[i]);
                     builder.replay(**record);
                   }
                   builder.freeze(ModSeq(5001));
                 }),
         20'000);
}

void measure_log(std::size_t rows, int rounds) {
  const LogRecord record{.after = {.last_change = ModSeq(1)}, .operations = {letters(1, rows)}};
  std::vector<std::string> values;
  const double taken = measure(rounds, [&] { values = *encode(record); });
  std::size_t bytes = 0;
  for (const std::string& value : values) bytes += value.size();
  report(fmt::format("encode a change that brings {} rows", rows), taken,
         1e6 * static_cast<double>(rows) / 1e6);
  fmt::print("  {:.1f} bytes a row in {} values\n", static_cast<double>(bytes) / static_cast<double>(rows),
             values.size());
}

}  // namespace

int main(int argc, char** argv) {
  const bool smoke = argc > 1 && std::strcmp(argv[1], "--smoke") == 0;
  const std::size_t scale = smoke ? 100 : 1;
  const int rounds = smoke ? 1 : 1000;
  measure_changes(100'000 / scale, rounds);
  measure_changes(1'000'000 / scale, rounds);
  measure_views(1'000'000 / scale, rounds);
  measure_pages(100'000 / scale, std::max(rounds / 20, 1));
  measure_log(10'000 / scale, std::max(rounds / 20, 1));
  return 0;
}
