#include "account/sessions.h"

#include <algorithm>
#include <utility>

#include "base/cursor.h"
#include "base/digest.h"
#include "base/encoding.h"
#include "base/record_reader.h"
#include "base/record_writer.h"
#include "base/utf8.h"

namespace pabal::account {

using net::Task;

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kTokenBytes = 8 + 32;
constexpr std::size_t kIdBytes = 8;  // of the hash: no help in finding the token

const store::PartitionId& sessions_partition() {
  static const store::PartitionId partition{"sessions"};
  return partition;
}

std::string prefix_of(AccountId account) {
  std::string key = "s";
  append_u64(key, account.value());
  return key;
}

struct Place {
  AccountId account;
  std::string key;
};

std::optional<Place> place_of(const Secret& token) {
  auto bytes = from_base64url(token.reveal());
  if (!bytes || bytes->size() != kTokenBytes) return std::nullopt;
  const Secret secret = Secret::taken_from(*bytes);
  const auto account = AccountId(*Cursor(secret.reveal()).take_u64());
  const Sha256::Digest hash = Sha256::of("pabal session" + std::string(secret.reveal()));
  return Place{account, prefix_of(account) + std::string(hash.data(), hash.size())};
}

std::string encode(const Session& session) {
  return RecordWriter(kVersion)
      .text(session.client)
      .text(session.peer)
      .time(session.created)
      .time(session.last_used)
      .finish();
}

Result<Session> decode(AccountId account, std::string_view key, std::string_view bytes) {
  RecordReader in(bytes, kVersion);
  Session session;
  session.id = to_hex(key.substr(prefix_of(account).size(), kIdBytes));
  session.account = account;
  session.client = in.text(kMaxSessionTextBytes);
  session.peer = in.text(kMaxSessionTextBytes);
  session.created = in.time();
  session.last_used = in.time();
  if (!in.complete())
    return fail(ErrorKind::kCorrupt, "the record of a session of account {} is damaged", account);
  return session;
}

}  // namespace

struct Sessions::Stored {
  std::string key;
  Session session;
};

Sessions::Sessions(store::Engine& engine, Directory& directory, const Clock& clock, Random& random,
                   SessionOptions options)
    : engine_(engine), directory_(directory), clock_(clock), random_(random), options_(options) {}

bool Sessions::is_over(const Session& session) const {
  const WallTime now = clock_.wall();
  return now - session.created >= options_.absolute || now - session.last_used >= options_.idle;
}

Secret Sessions::make_token(AccountId account) {
  std::string bytes;
  append_u64(bytes, account.value());
  bytes += random_.bytes(kTokenBytes - bytes.size());
  std::string text = to_base64url(bytes);
  wipe(bytes);
  return Secret::taken_from(text);
}

Task<Result<std::vector<Sessions::Stored>>> Sessions::load_all(AccountId account) {
  // Bounded by max_per_account; a page may hold fewer.
  auto range = store::KeyRange::with_prefix(prefix_of(account));
  std::vector<Stored> out;
  for (;;) {
    PABAL_CO_TRY(const auto page, co_await engine_.scan(sessions_partition(), range, {}));
    for (std::size_t i = 0; i < page.size(); ++i) {
      PABAL_CO_TRY(Session session, decode(account, page[i].key, page[i].value));
      out.push_back({std::string(page[i].key), std::move(session)});
    }
    if (!page.next()) break;
    range = *page.next();
  }
  std::ranges::sort(out, std::ranges::greater(),
                    [](const Stored& stored) { return stored.session.last_used; });
  co_return out;
}

Task<Result<Secret>> Sessions::open(AccountId account, std::string client, std::string peer) {
  PABAL_CO_TRY(const auto others, co_await load_all(account));
  Secret token = make_token(account);
  const WallTime now = clock_.wall();
  const Session session{.id = {},
                        .account = account,
                        .client = std::string(utf8_prefix(repair_utf8(client), kMaxSessionTextBytes)),
                        .peer = std::string(utf8_prefix(peer, kMaxSessionTextBytes)),
                        .created = now,
                        .last_used = now};
  store::Batch batch(sessions_partition());
  batch.put(place_of(token)->key, encode(session));
  std::size_t kept = 1;
  for (const Stored& other : others) {
    if (is_over(other.session) || ++kept > options_.max_per_account) batch.erase(other.key);
  }
  PABAL_CO_TRY_VOID(co_await engine_.commit(std::move(batch)));
  co_return token;
}

Task<Result<std::optional<Session>>> Sessions::find(Secret token) {
  const auto place = place_of(token);
  if (!place) co_return std::nullopt;
  PABAL_CO_TRY(const auto stored, co_await engine_.get_one(sessions_partition(), place->key));
  if (!stored) co_return std::nullopt;
  PABAL_CO_TRY(Session session, decode(place->account, place->key, stored->bytes));
  PABAL_CO_TRY(const auto account, co_await directory_.find_account(place->account));
  if (is_over(session) || !account || !account->enabled) co_return std::nullopt;
  const WallTime now = clock_.wall();
  if (now - session.last_used < kSessionGrain) co_return session;

  session.last_used = now;
  store::Batch batch(sessions_partition());
  // One that was closed meanwhile must not come back.
  batch.expect(place->key, stored->version);
  batch.put(place->key, encode(session));
  batch.be_patient();
  const auto noted = co_await engine_.commit(std::move(batch));
  if (!noted && noted.error().kind != ErrorKind::kConflict && noted.error().kind != ErrorKind::kRetryLater)
    co_return std::unexpected(noted.error());
  co_return session;
}

Task<Result<Secret>> Sessions::rotate(Secret token) {
  const auto place = place_of(token);
  PABAL_CO_TRY(const auto session, co_await find(std::move(token)));
  if (!session) co_return fail(ErrorKind::kRefuse, "the session is over");
  PABAL_CO_TRY(const auto stored, co_await engine_.get_one(sessions_partition(), place->key));
  if (!stored) co_return fail(ErrorKind::kRefuse, "the session is over");
  Secret fresh = make_token(place->account);
  store::Batch batch(sessions_partition());
  batch.expect(place->key, stored->version);
  batch.erase(place->key);
  batch.put(place_of(fresh)->key, encode(*session));
  PABAL_CO_TRY_VOID(co_await engine_.commit(std::move(batch)));
  co_return fresh;
}

Task<Result<void>> Sessions::close(Secret token) {
  const auto place = place_of(token);
  if (!place) co_return Result<void>();
  store::Batch batch(sessions_partition());
  batch.erase(place->key);
  PABAL_CO_TRY_VOID(co_await engine_.commit(std::move(batch)));
  co_return Result<void>();
}

Task<Result<std::vector<Session>>> Sessions::list(AccountId account) {
  PABAL_CO_TRY(auto all, co_await load_all(account));
  std::vector<Session> out;
  for (Stored& stored : all) {
    if (!is_over(stored.session)) out.push_back(std::move(stored.session));
  }
  co_return out;
}

Task<Result<void>> Sessions::revoke(AccountId account, std::string id) {
  PABAL_CO_TRY(const auto all, co_await load_all(account));
  const auto found = std::ranges::find(all, id, [](const Stored& stored) { return stored.session.id; });
  if (found == all.end()) co_return fail(ErrorKind::kRefuse, "there is no such session");
  store::Batch batch(sessions_partition());
  batch.erase(found->key);
  PABAL_CO_TRY_VOID(co_await engine_.commit(std::move(batch)));
  co_return Result<void>();
}

Task<Result<void>> Sessions::revoke_all(AccountId account) {
  PABAL_CO_TRY(const auto all, co_await load_all(account));
  store::Batch batch(sessions_partition());
  for (const Stored& stored : all) batch.erase(stored.key);
  if (all.empty()) co_return Result<void>();
  PABAL_CO_TRY_VOID(co_await engine_.commit(std::move(batch)));
  co_return Result<void>();
}

}  // namespace pabal::account
