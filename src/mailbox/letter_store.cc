#include "mailbox/letter_store.h"

#include <algorithm>

namespace pabal::mailbox {

namespace {

// For so many letters of a block all of it is read and kept; a screenful is less.
constexpr std::size_t kWorthBlock = 32;
// Fewer letters that lie so close are scanned over; others are asked for one by one.
constexpr std::uint64_t kMaxGap = 4;
// What one get may ask for: with facts of the usual few hundred bytes some hundred KiB.
constexpr std::size_t kGetKeys = 256;
// How much of a letter is in memory while its facts are made.
constexpr std::size_t kPieceBytes = 256 * 1024;

LetterId next(LetterId id) { return LetterId(id.value() + 1); }

}  // namespace

struct LetterStore::Wanted {
  LetterId id;
  std::size_t place;
};

net::Task<Result<LetterPage>> LetterStore::list(LetterId after, std::size_t limit) {
  store::KeyRange range = store::KeyRange::with_prefix(kLetterPrefix);
  range.start = letter_key(next(after));
  PABAL_CO_TRY(const store::ScanPage page, co_await engine_.scan(partition_, range, {.max_entries = limit}));
  LetterPage out;
  out.more = page.next().has_value();
  for (std::size_t i = 0; i < page.size(); ++i) {
    const auto id = parse_letter_key(page[i].key);
    auto record = decode_letter_record(page[i].value);
    if (!id || !record) co_return fail(ErrorKind::kCorrupt, "a letter of {} can't be read", partition_);
    out.items.push_back({*id, *std::move(record)});
  }
  co_return out;
}

net::Task<Result<std::vector<std::optional<LetterRecord>>>> LetterStore::find_all(
    std::vector<LetterId> letters) {
  std::vector<std::optional<LetterRecord>> out;
  out.reserve(letters.size());
  std::vector<std::string> keys;
  for (std::size_t begin = 0; begin < letters.size(); begin += kGetKeys) {
    keys.clear();
    for (std::size_t i = begin; i < std::min(begin + kGetKeys, letters.size()); ++i) {
      keys.push_back(letter_key(letters[i]));
    }
    PABAL_CO_TRY(const auto values, co_await engine_.get(partition_, keys));
    for (const auto& value : values) {
      auto& record = out.emplace_back();
      if (!value) continue;
      record = decode_letter_record(value->bytes);
      if (!record) co_return fail(ErrorKind::kCorrupt, "a letter of {} can't be read", partition_);
    }
  }
  co_return std::move(out);
}

net::Task<Result<FactsPage>> LetterStore::load_facts(std::vector<LetterId> letters, FactsWanted columns) {
  FactsPage page;
  page.views_.resize(letters.size());
  std::vector<Wanted> wanted;
  wanted.reserve(letters.size());
  for (std::size_t i = 0; i < letters.size(); ++i) wanted.push_back({letters[i], i});
  if (!std::ranges::is_sorted(wanted, {}, &Wanted::id)) std::ranges::sort(wanted, {}, &Wanted::id);

  std::vector<Wanted> apart;
  for (std::size_t begin = 0; begin < wanted.size();) {
    const std::uint64_t block = facts_block_of(wanted[begin].id);
    std::size_t end = begin + 1;
    while (end < wanted.size() && facts_block_of(wanted[end].id) == block) ++end;
    const std::vector<Wanted> unknown =
        show_cached(std::span(wanted).subspan(begin, end - begin), columns, page);
    const bool close =
        !unknown.empty() && unknown.back().id.value() - unknown.front().id.value() < unknown.size() * kMaxGap;
    if (unknown.size() >= kWorthBlock || (unknown.size() > 1 && close)) {
      PABAL_CO_TRY_VOID(co_await read_block(unknown, columns, page));
    } else {
      apart.insert(apart.end(), unknown.begin(), unknown.end());
    }
    begin = end;
  }
  if (!apart.empty()) PABAL_CO_TRY_VOID(co_await get_facts(apart, page));

  std::vector<Wanted> missing;
  for (const Wanted& each : wanted) {
    if (page.views_[each.place].empty()) missing.push_back(each);
  }
  if (!missing.empty()) PABAL_CO_TRY_VOID(co_await make_facts(missing, page));
  co_return std::move(page);
}

/// What the cache knows of letters of one block. Those come back of which it does not know all.
std::vector<LetterStore::Wanted> LetterStore::show_cached(std::span<const Wanted> of_a_block,
                                                          FactsWanted columns, FactsPage& page) {
  const std::uint64_t number = facts_block_of(of_a_block.front().id);
  std::vector<std::shared_ptr<const FactsBlock>> blocks;
  for (const FactsColumn column : kFactsColumns) {
    if (!columns.has(column)) continue;
    if (auto block = cache_.find({account_, number, column})) {
      blocks.push_back(std::move(block));
    } else {
      return {of_a_block.begin(), of_a_block.end()};
    }
  }
  std::vector<Wanted> unknown;
  std::vector<Wanted> known;
  for (const Wanted& each : of_a_block) {
    const bool in_all =
        std::ranges::all_of(blocks, [&](const auto& block) { return block->find(each.id).has_value(); });
    (in_all ? known : unknown).push_back(each);
  }
  if (known.empty()) return unknown;
  for (const auto& block : blocks) {
    const std::string_view bytes = page.keep(block->unpacked());
    for (const Wanted& each : known) block->show(bytes, *block->find(each.id), page.views_[each.place]);
  }
  return unknown;
}

/// Reads letters of one block: all of it, for the cache too, or just from the first that is wanted to the
/// last.
net::Task<Result<void>> LetterStore::read_block(std::span<const Wanted> wanted, FactsWanted columns,
                                                FactsPage& page) {
  const std::uint64_t number = facts_block_of(wanted.front().id);
  const bool whole = wanted.size() >= kWorthBlock;
  const LetterId first = whole ? LetterId(number * kFactsBlockLetters) : wanted.front().id;
  const LetterId end = whole ? LetterId(first.value() + kFactsBlockLetters) : next(wanted.back().id);
  std::vector<std::pair<LetterId, message::FactsView>> letters;
  std::optional<store::KeyRange> range = store::KeyRange{facts_key(first), facts_key(end)};
  auto next_wanted = wanted.begin();
  while (range) {
    PABAL_CO_TRY(store::ScanPage scanned, co_await engine_.scan(partition_, *range,
                                                                {.max_entries = kFactsBlockLetters,
                                                                 .max_bytes = store::kMaxPageBytes}));
    const store::ScanPage& kept = page.keep(std::move(scanned));
    for (std::size_t i = 0; i < kept.size(); ++i) {
      const auto id = parse_facts_key(kept[i].key);
      if (!id) co_return fail(ErrorKind::kCorrupt, "facts of {} lie under no letter's key", partition_);
      const auto facts = message::view_facts(kept[i].value);
      if (!facts) continue;  // made anew for whoever asks
      letters.emplace_back(*id, *facts);
      while (next_wanted != wanted.end() && next_wanted->id < *id) ++next_wanted;
      for (; next_wanted != wanted.end() && next_wanted->id == *id; ++next_wanted)
        page.views_[next_wanted->place] = *facts;
    }
    range = kept.next();
  }
  if (!whole || letters.empty()) co_return Result<void>();
  for (const FactsColumn column : kFactsColumns) {
    if (columns.has(column))
      cache_.put({account_, number, column}, std::make_shared<const FactsBlock>(column, letters));
  }
  co_return Result<void>();
}

net::Task<Result<void>> LetterStore::get_facts(const std::vector<Wanted>& wanted, FactsPage& page) {
  std::vector<std::string> keys;
  for (std::size_t begin = 0; begin < wanted.size(); begin += kGetKeys) {
    const std::size_t end = std::min(begin + kGetKeys, wanted.size());
    keys.clear();
    for (std::size_t i = begin; i < end; ++i) keys.push_back(facts_key(wanted[i].id));
    PABAL_CO_TRY(auto values, co_await engine_.get(partition_, keys));
    for (std::size_t i = begin; i < end; ++i) {
      auto& value = values[i - begin];
      if (!value) continue;
      if (const auto facts = message::view_facts(page.keep(std::move(value->bytes))))
        page.views_[wanted[i].place] = *facts;
    }
  }
  co_return Result<void>();
}

// What came in before there were facts, by a door that had no time to make them, is too large to be kept, or
// can't be read any more.
net::Task<Result<void>> LetterStore::make_facts(const std::vector<Wanted>& missing, FactsPage& page) {
  for (const Wanted& each : missing) {
    std::string key = letter_key(each.id);
    PABAL_CO_TRY(const auto value, co_await engine_.get_one(partition_, key));
    if (!value) continue;
    const auto record = decode_letter_record(value->bytes);
    if (!record) co_return fail(ErrorKind::kCorrupt, "letter {} of {} can't be read", each.id, partition_);
    PABAL_CO_TRY(const message::LetterFacts facts, co_await read_facts(engine_, *record));
    const std::string_view bytes = page.keep(message::encode_facts(facts));
    PABAL_CO_TRY(page.views_[each.place], message::view_facts(bytes));
    if (bytes.size() > store::kMaxValueBytes) continue;
    // Expects the letter, which may be swept meanwhile. If it can't be stored now, it can another time.
    store::Batch batch(partition_);
    batch.expect(std::move(key), value->version);
    batch.put(facts_key(each.id), std::string(bytes));
    std::ignore = co_await engine_.commit(std::move(batch));
  }
  co_return Result<void>();
}

net::Task<Result<std::string>> read_letter_bytes(store::Engine& engine, LetterRecord letter,
                                                 std::uint64_t offset, std::size_t size) {
  std::string out;
  if (offset < letter.preamble.size()) {
    out = letter.preamble.substr(offset, size);
    offset = letter.preamble.size();
  }
  if (out.size() < size) {
    PABAL_CO_TRY(std::string rest,
                 co_await engine.read_blob(letter.blob, offset - letter.preamble.size(), size - out.size()));
    if (out.empty()) co_return std::move(rest);
    out += rest;
  }
  co_return std::move(out);
}

net::Task<Result<message::LetterFacts>> read_facts(store::Engine& engine, const LetterRecord& letter) {
  message::LetterReader reader;
  reader.feed(letter.preamble);
  for (std::uint64_t at = 0; at < letter.blob_bytes; at += kPieceBytes) {
    PABAL_CO_TRY(const std::string piece, co_await engine.read_blob(letter.blob, at, kPieceBytes));
    reader.feed(piece);
  }
  co_return reader.finish();
}

}  // namespace pabal::mailbox
