// A log record: what it begins with is in its first value, whatever its size.
//
//     form (1 byte)  counters  time (8 bytes)  further values  operations...
//
// The operations' bytes go on in the further values, cut anywhere:
//
//     count, and for each: tag (1 byte), folder, and
//       kRowsCame      first UID  rows  columns (sized, columns.h): letters (difference to the one before,
//       less
//                      one, sign folded)  sizes  shared  flags  received (difference, sign folded)
//       kFlagsChanged  how (1 byte)  flags  UIDs
//       kRowsShared    UIDs
//       kRowsLeft      UIDs  letters  shared letters
//       kFolderChanged made (1 byte)  parent  name (sized)  use (1 byte)  subscribed (1 byte)
//       kFolderDeleted
//
// UIDs and letters are ranges: count, and for each the distance from the one before, and its length less one.

#include <algorithm>

#include "base/record_reader.h"
#include "base/record_writer.h"
#include "mailbox/columns.h"
#include "mailbox/log_ops.h"

namespace pabal::mailbox {

namespace {

constexpr std::uint8_t kForm = 2;

enum class Tag : std::uint8_t {
  kRowsCame = 1,
  kFlagsChanged,
  kRowsShared,
  kRowsLeft,
  kFolderChanged,
  kFolderDeleted,
};

// The head is below a hundred bytes; what is left of the first value is the operations'.
constexpr std::size_t kHeadBytes = 128;
constexpr std::size_t kFirstBytes = store::kMaxValueBytes - kHeadBytes;

constexpr std::uint32_t kMaxParts = kMaxLogRecordBytes / store::kMaxValueBytes + 1;

// ---- Writing

void write_column(RecordWriter& out, std::span<const std::uint64_t> values) {
  std::string column;
  append_column(column, values);
  out.text(column);
}

template <class Value>
void write_column(RecordWriter& out, const op::RowsCame& came, std::vector<std::uint64_t>& scratch,
                  Value value) {
  scratch.clear();
  for (const op::RowsCame::NewRow& row : came.rows) scratch.push_back(value(row));
  write_column(out, scratch);
}

void write(RecordWriter& out, const op::RowsCame& came) {
  out.u8(static_cast<std::uint8_t>(Tag::kRowsCame)).number(came.folder.value());
  out.number(came.first_uid.value()).number(came.rows.size());
  std::vector<std::uint64_t> scratch;
  scratch.reserve(came.rows.size());
  std::uint64_t expected = 0;
  write_column(out, came, scratch, [&](const auto& row) {
    const std::uint64_t letter = row.letter.value();
    return fold_sign(letter - std::exchange(expected, letter + 1));
  });
  write_column(out, came, scratch, [](const auto& row) { return row.size_bytes; });
  write_column(out, came, scratch, [](const auto& row) { return row.shared ? 1 : 0; });
  write_column(out, came, scratch, [](const auto& row) { return row.flags.value(); });
  std::uint64_t before = 0;
  write_column(out, came, scratch, [&](const auto& row) {
    const auto received = static_cast<std::uint64_t>(row.received.time_since_epoch().count());
    return fold_sign(received - std::exchange(before, received));
  });
}

void write(RecordWriter& out, const UidSet& uids) {
  out.number(uids.ranges().size());
  std::uint32_t behind = 0;
  for (const UidSet::Range& range : uids.ranges()) {
    out.number(range.first.value() - behind).number(range.last.value() - range.first.value());
    behind = range.last.value();
  }
}

/// Calls `see(begin, end)` for each run of neighbouring ids.
template <class See>
void for_each_run(const std::vector<LetterId>& letters, See see) {
  for (std::size_t begin = 0; begin < letters.size();) {
    std::size_t end = begin + 1;
    while (end < letters.size() && letters[end].value() == letters[end - 1].value() + 1) ++end;
    see(begin, end);
    begin = end;
  }
}

void write(RecordWriter& out, const std::vector<LetterId>& letters) {
  std::size_t runs = 0;
  for_each_run(letters, [&](std::size_t, std::size_t) { ++runs; });
  out.number(runs);
  std::uint64_t behind = 0;
  for_each_run(letters, [&](std::size_t begin, std::size_t end) {
    out.number(letters[begin].value() - behind).number(end - begin - 1);
    behind = letters[end - 1].value();
  });
}

void write(RecordWriter& out, const op::FlagsChanged& changed) {
  out.u8(static_cast<std::uint8_t>(Tag::kFlagsChanged)).number(changed.folder.value());
  out.u8(static_cast<std::uint8_t>(changed.how)).number(changed.flags.value());
  write(out, changed.uids);
}

void write(RecordWriter& out, const op::RowsShared& shared) {
  out.u8(static_cast<std::uint8_t>(Tag::kRowsShared)).number(shared.folder.value());
  write(out, shared.uids);
}

void write(RecordWriter& out, const op::RowsLeft& left) {
  out.u8(static_cast<std::uint8_t>(Tag::kRowsLeft)).number(left.folder.value());
  write(out, left.uids);
  write(out, left.letters);
  write(out, left.shared_letters);
}

void write(RecordWriter& out, const op::FolderChanged& changed) {
  out.u8(static_cast<std::uint8_t>(Tag::kFolderChanged)).number(changed.folder.value());
  out.flag(changed.made).number(changed.parent.value()).text(changed.name);
  out.u8(static_cast<std::uint8_t>(changed.use)).flag(changed.subscribed);
}

void write(RecordWriter& out, const op::FolderDeleted& deleted) {
  out.u8(static_cast<std::uint8_t>(Tag::kFolderDeleted)).number(deleted.folder.value());
}

std::size_t rows_of(const Operation& operation) {
  if (const auto* came = std::get_if<op::RowsCame>(&operation)) return came->rows.size();
  if (const auto* left = std::get_if<op::RowsLeft>(&operation)) {
    return left->letters.size() + left->shared_letters.size();
  }
  return 0;
}

// ---- Reading

class OperationReader {
 public:
  explicit OperationReader(std::string_view bytes) : in_(bytes) {}

  std::optional<std::vector<Operation>> read_all() {
    std::vector<Operation> operations;
    for (std::uint64_t count = in_.number(); count > 0 && in_.sound(); --count) {
      operations.push_back(read_one());
    }
    if (!in_.complete()) return std::nullopt;
    return operations;
  }

 private:
  Operation read_one() {
    const Tag tag = in_.one_of(Tag::kRowsCame, Tag::kFolderDeleted);
    const FolderId folder(in_.number32());
    switch (tag) {
      case Tag::kRowsCame:
        return rows_came(folder);
      case Tag::kFlagsChanged: {
        const FlagEdit how = in_.one_of(FlagEdit::kAdd, FlagEdit::kReplace);
        const Flags flags(in_.number());
        return op::FlagsChanged{.folder = folder, .uids = uids(), .how = how, .flags = flags};
      }
      case Tag::kRowsShared:
        return op::RowsShared{.folder = folder, .uids = uids()};
      case Tag::kRowsLeft: {
        op::RowsLeft left{.folder = folder, .uids = uids()};
        left.letters = letters();
        left.shared_letters = letters();
        return left;
      }
      case Tag::kFolderChanged: {
        op::FolderChanged changed{.folder = folder, .made = in_.flag()};
        changed.parent = FolderId(in_.number32());
        changed.name = in_.text(kMaxFolderNameBytes);
        changed.use = in_.one_of(SpecialUse::kNone, SpecialUse::kImportant);
        changed.subscribed = in_.flag();
        return changed;
      }
      case Tag::kFolderDeleted:
        break;
    }
    return op::FolderDeleted{.folder = folder};
  }

  op::RowsCame rows_came(FolderId folder) {
    op::RowsCame came{.folder = folder, .first_uid = Uid(in_.number32())};
    const std::uint64_t count = take_rows(in_.number());
    if (count == 0 || came.first_uid == Uid() || came.first_uid.value() > UINT32_MAX - (count - 1)) {
      in_.spoil();
      return came;
    }
    came.rows.resize(count);
    std::vector<std::uint64_t> scratch(count);
    std::uint64_t expected = 0;
    read_column(came, scratch, UINT64_MAX, [&](auto& row, std::uint64_t value) {
      row.letter = LetterId(expected + unfold_sign(value));
      expected = row.letter.value() + 1;
    });
    read_column(came, scratch, kMaxLetterBytes,
                [](auto& row, std::uint64_t value) { row.size_bytes = static_cast<std::uint32_t>(value); });
    read_column(came, scratch, 1, [](auto& row, std::uint64_t value) { row.shared = value == 1; });
    read_column(came, scratch, UINT64_MAX, [](auto& row, std::uint64_t value) { row.flags = Flags(value); });
    std::uint64_t received = 0;
    read_column(came, scratch, UINT64_MAX, [&](auto& row, std::uint64_t value) {
      received += unfold_sign(value);
      row.received = std::chrono::sys_seconds(std::chrono::seconds(static_cast<std::int64_t>(received)));
    });
    return came;
  }

  template <class Set>
  void read_column(op::RowsCame& came, std::vector<std::uint64_t>& scratch, std::uint64_t max, Set set) {
    if (!mailbox::read_column(in_.view(), scratch) || std::ranges::max(scratch) > max) in_.spoil();
    if (!in_.sound()) return;
    for (std::size_t i = 0; i < scratch.size(); ++i) set(came.rows[i], scratch[i]);
  }

  UidSet uids() {
    UidSet out;
    std::uint64_t behind = 0;
    for (std::uint64_t count = in_.number(); count > 0 && in_.sound(); --count) {
      // Ranges are apart from each other, or they would be one.
      const std::uint64_t gap = in_.number(UINT32_MAX);
      const std::uint64_t first = behind + gap;
      const std::uint64_t last = first + in_.number(UINT32_MAX);
      if (gap < (behind == 0 ? 1 : 2) || last > UINT32_MAX) in_.spoil();
      if (in_.sound())
        out.add({Uid(static_cast<std::uint32_t>(first)), Uid(static_cast<std::uint32_t>(last))});
      behind = last;
    }
    return out;
  }

  std::vector<LetterId> letters() {
    std::vector<LetterId> out;
    std::uint64_t behind = 0;
    for (std::uint64_t count = in_.number(); count > 0 && in_.sound(); --count) {
      const std::uint64_t gap = in_.number(UINT64_MAX - behind);
      const std::uint64_t more = in_.number(kMaxRowsInCommit);
      const std::uint64_t first = behind + gap;
      if (gap < (out.empty() ? 1 : 2) || more > UINT64_MAX - first || take_rows(more + 1) == 0) in_.spoil();
      if (!in_.sound()) return out;
      for (std::uint64_t i = 0; i <= more; ++i) out.emplace_back(first + i);
      behind = first + more;
    }
    return out;
  }

  /// A few bytes can stand for many rows: what a record may make us hold is bounded in all.
  std::uint64_t take_rows(std::uint64_t count) {
    if (count > rows_left_) in_.spoil();
    if (!in_.sound()) return 0;
    rows_left_ -= count;
    return count;
  }

  RecordReader in_;
  std::uint64_t rows_left_ = kMaxRowsInCommit;
};

struct FirstValue {
  LogHead head;
  std::uint32_t further = 0;
  std::string_view operations;
};

std::optional<FirstValue> decode_first(std::string_view value) {
  RecordReader in(value, kForm);
  FirstValue first;
  Counters& after = first.head.after;
  after.last_change = ModSeq(in.number());
  after.last_letter = LetterId(in.number());
  after.last_folder = FolderId(in.number32());
  after.last_uid_validity = in.number32();
  after.letters = in.number();
  after.used_bytes = in.number();
  first.head.at = in.time();
  first.further = in.number32(kMaxParts);
  first.operations = in.view();
  if (!in.complete()) return std::nullopt;
  return first;
}

}  // namespace

Result<std::vector<std::string>> encode(const LogRecord& record) {
  std::size_t rows = 0;
  RecordWriter body;
  body.number(record.operations.size());
  for (const Operation& operation : record.operations) {
    rows += rows_of(operation);
    std::visit([&](const auto& each) { write(body, each); }, operation);
  }
  const std::string operations = body.finish();
  if (rows > kMaxRowsInCommit || operations.size() > kMaxLogRecordBytes) {
    return fail(ErrorKind::kOverLimit, "{} letters are more than one change may move; take fewer at a time",
                rows);
  }

  const std::string_view all = operations;
  std::vector<std::string> values(1);
  for (std::size_t at = kFirstBytes; at < all.size(); at += store::kMaxValueBytes) {
    values.emplace_back(all.substr(at, store::kMaxValueBytes));
  }
  const Counters& after = record.after;
  RecordWriter first(kForm, kHeadBytes + std::min(all.size(), kFirstBytes));
  first.number(after.last_change.value()).number(after.last_letter.value());
  first.number(after.last_folder.value()).number(after.last_uid_validity);
  first.number(after.letters).number(after.used_bytes).time(record.at);
  first.number(values.size() - 1).text(all.substr(0, kFirstBytes));
  values.front() = first.finish();
  return values;
}

std::optional<LogHead> decode_log_head(std::string_view value) {
  const auto first = decode_first(value);
  return first ? std::optional(first->head) : std::nullopt;
}

Result<std::optional<LogRecord>> LogReader::read(std::string_view key, std::string_view value) {
  const auto damaged = [&](ModSeq change) {
    parts_left_ = 0;
    return fail(ErrorKind::kCorrupt, "change {} of the log is damaged, or written by a newer version",
                change);
  };
  const auto place = parse_log_key(key);
  if (!place) return damaged(change_);
  if (within_record()) {
    if (place->change != change_ || place->part != next_part_) return damaged(change_);
    bytes_.append(value);
    ++next_part_;
    --parts_left_;
  } else {
    const auto first = decode_first(value);
    if (place->part != 0 || !first || first->head.after.last_change != place->change) {
      return damaged(place->change);
    }
    change_ = place->change;
    head_ = first->head;
    next_part_ = 1;
    parts_left_ = first->further;
    if (parts_left_ > 0) {
      bytes_.assign(first->operations);
    } else {
      // Nearly all records are of one value, and need not be copied.
      auto operations = OperationReader(first->operations).read_all();
      if (!operations) return damaged(change_);
      return LogRecord{.after = head_.after, .at = head_.at, .operations = *std::move(operations)};
    }
  }
  if (within_record()) return std::nullopt;
  auto operations = OperationReader(bytes_).read_all();
  bytes_ = {};
  if (!operations) return damaged(change_);
  return LogRecord{.after = head_.after, .at = head_.at, .operations = *std::move(operations)};
}

}  // namespace pabal::mailbox
