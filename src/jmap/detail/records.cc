#include "jmap/detail/records.h"

#include <algorithm>

#include "base/cursor.h"
#include "base/record_reader.h"
#include "base/record_writer.h"

namespace pabal::jmap::detail {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint64_t kHead = 0;  // the number under which the head lies

std::string encode(const Record& record) {
  return RecordWriter(kVersion)
      .number(record.made)
      .number(record.changed)
      .text(record.value.to_text())
      .finish();
}

std::optional<Record> decode(std::uint64_t number, std::string_view bytes) {
  RecordReader in(bytes, kVersion);
  Record out{.number = number, .made = in.number(), .changed = in.number()};
  auto value = Json::parse(in.view(), {.max_depth = 32});
  if (!in.complete() || !value || value->as_object() == nullptr) return {};
  out.value = *std::move(value);
  return out;
}

}  // namespace

std::string Records::key(std::uint64_t number) const {
  std::string out = fmt::format("jmap/{}/", kind_.name);
  append_u64(out, number);
  return out;
}

net::Task<Result<Records>> Records::load(Call& call, RecordKind kind) {
  Records out(kind);
  const std::string prefix = fmt::format("jmap/{}/", kind.name);
  std::optional<store::KeyRange> range = store::KeyRange::with_prefix(prefix);
  while (range) {
    PABAL_CO_TRY(const store::ScanPage page,
                 co_await call.services().engine.scan(call.partition(), *range, {}));
    for (std::size_t i = 0; i < page.size(); ++i) {
      Cursor in(page[i].key.substr(prefix.size()));
      const auto number = in.take_u64();
      const auto corrupt = [&] {
        return fail(ErrorKind::kCorrupt, "a {} of account {} can't be read", kind.name, call.account());
      };
      if (!number || !in.at_end()) co_return corrupt();
      if (*number == kHead) {
        RecordReader head(page[i].value, kVersion);
        out.state_ = head.number();
        out.last_number_ = head.number();
        out.last_destroyed_ = head.number();
        if (!head.complete()) co_return corrupt();
        out.version_ = page[i].version;
        continue;
      }
      auto record = decode(*number, page[i].value);
      if (!record) co_return corrupt();
      out.records_.push_back(*std::move(record));
    }
    range = page.next();
  }
  co_return out;
}

const Record* Records::find(std::string_view id) const {
  Cursor in(id);
  if (!in.take_char(kind_.letter) || in.peek_is('0')) return nullptr;
  const auto number = in.take_number();
  if (!number || !in.at_end()) return nullptr;
  const auto found = std::ranges::find(records_, *number, &Record::number);
  return found != records_.end() ? &*found : nullptr;
}

void Records::touch() {
  if (!touched_) ++state_;
  touched_ = true;
}

Record& Records::add(Json value) {
  touch();
  put_.push_back(++last_number_);
  return records_.emplace_back(
      Record{.number = last_number_, .made = state_, .changed = state_, .value = std::move(value)});
}

void Records::set(const Record& record, Json value) {
  touch();
  Record& mine = records_[static_cast<std::size_t>(&record - records_.data())];
  mine.value = std::move(value);
  mine.changed = state_;
  put_.push_back(mine.number);
}

void Records::erase(const Record& record) {
  touch();
  last_destroyed_ = state_;
  erased_.push_back(record.number);
  records_.erase(records_.begin() + (&record - records_.data()));
}

net::Task<Result<void>> Records::store(Call& call) {
  if (!touched_) co_return Result<void>();
  store::Batch batch(call.partition());
  if (version_) {
    batch.expect(key(kHead), *version_);
  } else {
    batch.expect_absent(key(kHead));
  }
  batch.put(key(kHead),
            RecordWriter(kVersion).number(state_).number(last_number_).number(last_destroyed_).finish());
  for (const std::uint64_t number : put_) {
    const auto found = std::ranges::find(records_, number, &Record::number);
    if (found != records_.end()) batch.put(key(number), encode(*found));
  }
  for (const std::uint64_t number : erased_) batch.erase(key(number));
  PABAL_CO_TRY(version_, co_await call.services().engine.commit(std::move(batch)));
  touched_ = false;
  put_.clear();
  erased_.clear();
  co_return Result<void>();
}

std::optional<ChangesAnswer> Records::changes(const ChangesRequest& request) const {
  const auto since = parse_state(request.since);
  if (!since || since->value() > state_ || since->value() < last_destroyed_) return {};
  ChangesAnswer out{.old_state = std::string(request.since), .new_state = state()};
  for (const Record& record : records_) {
    if (record.made > since->value()) {
      out.created.push_back(id_of(record));
    } else if (record.changed > since->value()) {
      out.updated.push_back(id_of(record));
    }
  }
  if (request.max && out.created.size() + out.updated.size() > *request.max) return {};
  return out;
}

net::Task<Outcome> answer_changes(Call& call, RecordKind kind) {
  const auto request = read_changes(call);
  if (!request) co_return std::unexpected(request.error());
  PABAL_CO_TRY(const Records records, co_await Records::load(call, kind));
  const auto answer = records.changes(*request);
  if (!answer) co_return method_error("cannotCalculateChanges");
  write_changes(call, *answer);
  call.out().end_object();
  co_return Outcome();
}

}  // namespace pabal::jmap::detail
