#include "mailbox/thread_ids.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "base/ascii.h"
#include "base/cursor.h"
#include "base/digest.h"
#include "base/record_reader.h"
#include "base/record_writer.h"
#include "message/casemap.h"
#include "message/message_id.h"

namespace pabal::mailbox {
namespace {

constexpr std::string_view kOfPrefix = "threadof/";
constexpr std::string_view kMemberPrefix = "thread/";
constexpr std::string_view kHashPrefix = "threadid/";
constexpr std::uint8_t kMemberForm = 1;

/// Of a References field, beside the first.
constexpr std::size_t kLastReferences = 3;
constexpr std::size_t kBatchKeys = 1000;
constexpr store::ScanLimits kLargePages{.max_entries = 10'000, .max_bytes = 1024 * 1024};
/// Letters may lie so far apart, on average, to be scanned.
constexpr std::uint64_t kDense = 4;

std::string numbered(std::string_view prefix, std::uint64_t number) {
  std::string key(prefix);
  append_u64(key, number);
  return key;
}

std::string of_key(LetterId letter) { return numbered(kOfPrefix, letter.value()); }
std::string hash_key(std::uint64_t hash) { return numbered(kHashPrefix, hash); }
std::string members_prefix(LetterId thread) { return numbered(kMemberPrefix, thread.value()) + '/'; }
std::string member_key(LetterId thread, LetterId letter) {
  return numbered(members_prefix(thread), letter.value());
}

std::string encode_id(LetterId letter) { return numbered({}, letter.value()); }
std::optional<LetterId> decode_id(std::string_view bytes) {
  Cursor in(bytes);
  const auto number = in.take_u64();
  return number && in.at_end() ? std::optional(LetterId(*number)) : std::nullopt;
}

std::unexpected<Error> damaged() { return fail(ErrorKind::kCorrupt, "the threads can't be read"); }

std::vector<std::string> ids_of(const std::optional<std::string>& field) {
  return field ? message::parse_message_ids(*field) : std::vector<std::string>();
}

/// RFC 8621 §3: white space is passed over.
std::string comparable_subject(const message::Envelope& envelope) {
  if (!envelope.subject) return {};
  std::string subject = message::fold_case(message::base_subject(*envelope.subject));
  std::erase_if(subject, [](char c) { return c == ' ' || c == '\t'; });
  return subject;
}

}  // namespace

ThreadHashes thread_hashes(const message::Envelope& envelope) {
  std::vector<std::string> ids = ids_of(envelope.message_id);
  if (ids.size() > 1) ids.resize(1);
  // Behind the first there may be ids of no letters.
  std::vector<std::string> answered = ids_of(envelope.in_reply_to);
  if (!answered.empty()) ids.push_back(std::move(answered.front()));
  std::vector<std::string> references = ids_of(envelope.references);
  for (std::size_t i = 0; i < references.size(); ++i) {
    if (i == 0 || i + kLastReferences >= references.size()) ids.push_back(std::move(references[i]));
  }
  const std::string subject = comparable_subject(envelope);
  ThreadHashes out;
  for (const std::string& id : ids) {
    const Sha256::Digest digest = Sha256::of(id + '\n' + subject);
    std::uint64_t hash = 0;
    std::memcpy(&hash, digest.data(), sizeof(hash));
    if (std::ranges::find(out, hash) == out.end()) out.push_back(hash);
  }
  return out;
}

std::string encode(const ThreadMember& member) {
  RecordWriter out(kMemberForm);
  out.flag(member.dropped).number(member.first_named.size());
  for (const std::uint64_t hash : member.first_named) out.u64(hash);
  return out.finish();
}

std::optional<ThreadMember> decode_thread_member(std::string_view bytes) {
  RecordReader in(bytes, kMemberForm);
  ThreadMember out{.dropped = in.flag()};
  for (auto left = in.number(kMaxThreadHashes); left > 0; --left) out.first_named.push_back(in.u64());
  if (!in.complete()) return {};
  return out;
}

net::Task<Result<void>> ThreadIds::settle(store::Batch& batch, std::vector<Newcomer> letters, bool guarded) {
  std::unordered_map<std::uint64_t, LetterId> threads;
  std::vector<std::uint64_t> hashes;
  std::vector<std::string> keys;
  for (const Newcomer& each : letters) {
    for (const std::uint64_t hash : each.hashes) {
      if (!threads.try_emplace(hash).second) continue;
      hashes.push_back(hash);
      keys.push_back(hash_key(hash));
    }
  }
  if (keys.empty()) co_return Result<void>();
  PABAL_CO_TRY(const auto values, co_await engine_.get(partition_, keys));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!values[i]) {
      if (guarded) batch.expect_absent(keys[i]);
      continue;
    }
    const auto thread = decode_id(values[i]->bytes);
    if (!thread) co_return damaged();
    threads[hashes[i]] = *thread;
  }
  for (const Newcomer& each : letters) {
    if (each.hashes.empty()) continue;
    // Of several, the oldest.
    LetterId thread = each.letter;
    for (const std::uint64_t hash : each.hashes) {
      const LetterId known = threads[hash];
      if (known != LetterId()) thread = std::min(thread, known);
    }
    ThreadMember member;
    for (const std::uint64_t hash : each.hashes) {
      if (threads[hash] != LetterId()) continue;
      threads[hash] = thread;
      member.first_named.push_back(hash);
      batch.put(hash_key(hash), encode_id(thread));
    }
    batch.put(member_key(thread, each.letter), encode(member));
    if (thread != each.letter) batch.put(of_key(each.letter), encode_id(thread));
  }
  co_return Result<void>();
}

net::Task<Result<std::vector<LetterId>>> ThreadIds::load(std::vector<LetterId> letters) {
  std::vector<LetterId> out = letters;
  if (letters.empty()) co_return out;
  std::vector<std::size_t> order(letters.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  if (!std::ranges::is_sorted(letters))
    std::ranges::sort(order, {}, [&](std::size_t i) { return letters[i]; });
  const LetterId first = letters[order.front()];
  const LetterId last = letters[order.back()];
  if (last.value() - first.value() > kDense * letters.size()) {
    for (std::size_t begin = 0; begin < order.size(); begin += kBatchKeys) {
      const auto some = std::span(order).subspan(begin, std::min(kBatchKeys, order.size() - begin));
      std::vector<std::string> keys;
      for (const std::size_t i : some) keys.push_back(of_key(letters[i]));
      PABAL_CO_TRY(const auto values, co_await engine_.get(partition_, keys));
      for (std::size_t i = 0; i < some.size(); ++i) {
        if (!values[i]) continue;
        const auto thread = decode_id(values[i]->bytes);
        if (!thread) co_return damaged();
        out[some[i]] = *thread;
      }
    }
    co_return out;
  }
  std::size_t at = 0;
  std::optional<store::KeyRange> range = store::KeyRange{of_key(first), of_key(LetterId(last.value() + 1))};
  while (range) {
    PABAL_CO_TRY(const store::ScanPage page, co_await engine_.scan(partition_, *range, kLargePages));
    for (std::size_t i = 0; i < page.size(); ++i) {
      const auto letter = decode_id(page[i].key.substr(kOfPrefix.size()));
      const auto thread = decode_id(page[i].value);
      if (!letter || !thread) co_return damaged();
      while (at < order.size() && letters[order[at]] < *letter) ++at;
      for (; at < order.size() && letters[order[at]] == *letter; ++at) out[order[at]] = *thread;
    }
    range = page.next();
  }
  co_return out;
}

struct ThreadIds::Entry {
  LetterId letter;
  ThreadMember member;
};

net::Task<Result<std::vector<ThreadIds::Entry>>> ThreadIds::load_members(LetterId thread) {
  std::vector<Entry> out;
  const std::string prefix = members_prefix(thread);
  std::optional<store::KeyRange> range = store::KeyRange::with_prefix(prefix);
  while (range) {
    PABAL_CO_TRY(const store::ScanPage page, co_await engine_.scan(partition_, *range, kLargePages));
    for (std::size_t i = 0; i < page.size(); ++i) {
      const auto letter = decode_id(page[i].key.substr(prefix.size()));
      auto member = decode_thread_member(page[i].value);
      if (!letter || !member) co_return damaged();
      out.push_back({*letter, *std::move(member)});
    }
    range = page.next();
  }
  co_return out;
}

net::Task<Result<std::vector<LetterId>>> ThreadIds::load_letters(LetterId thread) {
  PABAL_CO_TRY(const std::vector<Entry> members, co_await load_members(thread));
  // A letter that names nothing is alone.
  if (members.empty()) co_return std::vector<LetterId>{thread};
  std::vector<LetterId> out;
  for (const Entry& each : members) {
    if (!each.member.dropped) out.push_back(each.letter);
  }
  co_return out;
}

// Many in one thread go in several batches; what a crash leaves of them goes when the letters are dropped
// once more.
net::Task<Result<void>> ThreadIds::erase_all(LetterId thread, const std::vector<Entry>& members) {
  for (std::size_t at = 0; at < members.size();) {
    store::Batch batch(partition_);
    for (; at < members.size() && batch.writes().size() < kBatchKeys; ++at) {
      batch.erase(member_key(thread, members[at].letter));
      batch.erase(of_key(members[at].letter));
      for (const std::uint64_t hash : members[at].member.first_named) batch.erase(hash_key(hash));
    }
    PABAL_CO_TRY_VOID(co_await engine_.commit(std::move(batch)));
  }
  co_return Result<void>();
}

net::Task<Result<void>> ThreadIds::forget(std::span<const LetterId> letters) {
  PABAL_CO_TRY(const auto threads, co_await load({letters.begin(), letters.end()}));
  std::vector<std::pair<LetterId, LetterId>> by_thread;
  for (std::size_t i = 0; i < letters.size(); ++i) by_thread.emplace_back(threads[i], letters[i]);
  std::ranges::sort(by_thread);
  for (std::size_t begin = 0; begin < by_thread.size();) {
    const LetterId thread = by_thread[begin].first;
    std::size_t end = begin;
    while (end < by_thread.size() && by_thread[end].first == thread) ++end;
    PABAL_CO_TRY(std::vector<Entry> members, co_await load_members(thread));
    store::Batch batch(partition_);
    for (Entry& each : members) {
      const std::pair<LetterId, LetterId> key(thread, each.letter);
      if (each.member.dropped ||
          !std::binary_search(by_thread.begin() + static_cast<std::ptrdiff_t>(begin),
                              by_thread.begin() + static_cast<std::ptrdiff_t>(end), key))
        continue;
      each.member.dropped = true;
      batch.put(member_key(thread, each.letter), encode(each.member));
    }
    const bool all_dropped =
        std::ranges::all_of(members, [](const Entry& each) { return each.member.dropped; });
    if (all_dropped) {
      PABAL_CO_TRY_VOID(co_await erase_all(thread, members));
    } else if (!batch.writes().empty()) {
      PABAL_CO_TRY_VOID(co_await engine_.commit(std::move(batch)));
    }
    begin = end;
  }
  co_return Result<void>();
}

}  // namespace pabal::mailbox
