// A page as it is stored; numbers are varints, columns sized (columns.h):
//
//     form (1 byte)  as of  first UID  last UID  rows
//     UIDs     of all rows but the first: difference to the one before, less one
//     letters  difference to the one before, less one, sign folded
//     sizes
//     shared   0 or 1
//     flags
//     changes  difference to the one before, at first to "as of", sign folded
//     received, saved: seconds, difference to the one before, sign folded

#include "mailbox/page_codec.h"

#include <algorithm>
#include <utility>

#include "base/record_reader.h"
#include "base/record_writer.h"
#include "mailbox/columns.h"

namespace pabal::mailbox {

namespace {

constexpr std::uint8_t kForm = 1;

std::uint64_t to_number(std::chrono::sys_seconds time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}
std::chrono::sys_seconds to_time(std::uint64_t number) {
  return std::chrono::sys_seconds(std::chrono::seconds(static_cast<std::int64_t>(number)));
}

/// A number as its difference to what the one before lets expect.
class Differences {
 public:
  explicit Differences(std::uint64_t expected = 0) : expected_(expected) {}

  std::uint64_t fold(std::uint64_t number, std::uint64_t step = 0) {
    return fold_sign(number - std::exchange(expected_, number + step));
  }
  std::uint64_t unfold(std::uint64_t folded, std::uint64_t step = 0) {
    const std::uint64_t number = expected_ + unfold_sign(folded);
    expected_ = number + step;
    return number;
  }

 private:
  std::uint64_t expected_;
};

class ColumnWriter {
 public:
  ColumnWriter(RecordWriter& out, std::span<const Row> rows) : out_(out), rows_(rows) {
    numbers_.reserve(rows.size());
  }

  template <class Number>
  void write(Number number, std::size_t from = 0) {
    numbers_.clear();
    bytes_.clear();
    for (const Row& row : rows_.subspan(from)) numbers_.push_back(number(row));
    append_column(bytes_, numbers_);
    out_.text(bytes_);
  }

 private:
  RecordWriter& out_;
  std::span<const Row> rows_;
  std::vector<std::uint64_t> numbers_;
  std::string bytes_;
};

class ColumnReader {
 public:
  ColumnReader(RecordReader& in, std::span<Row> rows) : in_(in), rows_(rows), numbers_(rows.size()) {}

  template <class Set>
  void read(std::uint64_t max, Set set, std::size_t from = 0) {
    const std::span<std::uint64_t> numbers = std::span(numbers_).subspan(from);
    if (!read_column(in_.view(), numbers)) in_.spoil();
    if (!in_.sound()) return;
    std::uint64_t highest = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      highest = std::max(highest, numbers[i]);
      set(rows_[from + i], numbers[i]);
    }
    if (highest > max) in_.spoil();
  }

 private:
  RecordReader& in_;
  std::span<Row> rows_;
  std::vector<std::uint64_t> numbers_;
};

PageHead read_head(RecordReader& in) {
  PageHead head;
  head.as_of = ModSeq(in.number());
  head.uids.first = Uid(in.number32());
  head.uids.last = Uid(in.number32());
  head.rows = in.number32(kMaxPageRows);
  if (head.rows == 0 || head.uids.first == Uid() || head.uids.last < head.uids.first ||
      head.uids.last.value() - head.uids.first.value() < head.rows - 1) {
    in.spoil();
  }
  return head;
}

void read_rows(RecordReader& in, const PageHead& head, std::span<Row> rows) {
  ColumnReader columns(in, rows);
  std::uint64_t uid = head.uids.first.value();
  rows.front().uid = head.uids.first;
  columns.read(
      UINT32_MAX,
      [&](Row& row, std::uint64_t value) {
        uid += value + 1;
        row.uid = Uid(static_cast<std::uint32_t>(uid));
      },
      1);
  if (uid != head.uids.last.value()) in.spoil();
  Differences letters;
  columns.read(UINT64_MAX,
               [&](Row& row, std::uint64_t value) { row.letter = LetterId(letters.unfold(value, 1)); });
  columns.read(kMaxLetterBytes, [](Row& row, std::uint64_t value) {
    row.size_bytes = static_cast<std::uint32_t>(value) & kMaxLetterBytes;
  });
  columns.read(1, [](Row& row, std::uint64_t value) { row.shared = value != 0; });
  columns.read(UINT64_MAX, [](Row& row, std::uint64_t value) { row.flags = Flags(value); });
  Differences changes(head.as_of.value());
  columns.read(UINT64_MAX,
               [&](Row& row, std::uint64_t value) { row.mod_seq = ModSeq(changes.unfold(value)); });
  Differences received;
  columns.read(UINT64_MAX,
               [&](Row& row, std::uint64_t value) { row.received = to_time(received.unfold(value)); });
  Differences saved;
  columns.read(UINT64_MAX, [&](Row& row, std::uint64_t value) { row.saved = to_time(saved.unfold(value)); });
}

}  // namespace

std::string encode_page(ModSeq as_of, std::span<const Row> rows) {
  RecordWriter out(kForm, 64 + rows.size() * 8);
  out.number(as_of.value()).number(rows.front().uid.value()).number(rows.back().uid.value());
  out.number(rows.size());
  ColumnWriter columns(out, rows);
  std::uint64_t uid = rows.front().uid.value();
  columns.write([&](const Row& row) { return row.uid.value() - std::exchange(uid, row.uid.value()) - 1; }, 1);
  Differences letters;
  columns.write([&](const Row& row) { return letters.fold(row.letter.value(), 1); });
  columns.write([](const Row& row) { return row.size_bytes; });
  columns.write([](const Row& row) { return row.shared ? 1 : 0; });
  columns.write([](const Row& row) { return row.flags.value(); });
  Differences changes(as_of.value());
  columns.write([&](const Row& row) { return changes.fold(row.mod_seq.value()); });
  Differences received;
  columns.write([&](const Row& row) { return received.fold(to_number(row.received)); });
  Differences saved;
  columns.write([&](const Row& row) { return saved.fold(to_number(row.saved)); });
  return out.finish();
}

std::optional<StoredPage> decode_page(std::string_view bytes) {
  RecordReader in(bytes, kForm);
  const PageHead head = read_head(in);
  if (!in.sound()) return std::nullopt;
  StoredPage page{.as_of = head.as_of, .rows = std::vector<Row>(head.rows)};
  read_rows(in, head, page.rows);
  if (!in.complete()) return std::nullopt;
  return page;
}

std::optional<PageHead> decode_page_head(std::string_view bytes) {
  RecordReader in(bytes, kForm);
  const PageHead head = read_head(in);
  if (!in.sound()) return std::nullopt;
  return head;
}

}  // namespace pabal::mailbox
