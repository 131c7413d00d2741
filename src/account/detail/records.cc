#include "account/detail/records.h"

#include <algorithm>

#include "base/cursor.h"
#include "base/record_reader.h"
#include "base/record_writer.h"

namespace pabal::account::detail {
namespace {

constexpr std::uint8_t kVersion = 1;

enum class NameKind : std::uint8_t { kAccount = 1, kAlias = 2, kGroup = 3 };
enum class AccountKind : std::uint8_t { kLive = 1, kRemoved = 2 };

std::string key_with_id(std::string_view prefix, std::uint64_t id) {
  std::string key(prefix);
  append_u64(key, id);
  return key;
}

// ---- Writing

void write_address(RecordWriter& out, const Address& address) {
  out.text(address.local_part()).text(address.domain().ascii());
}

void write_address(RecordWriter& out, const std::optional<Address>& address) {
  out.maybe(address, [&](const Address& value) { write_address(out, value); });
}

void write_addresses(RecordWriter& out, const std::vector<Address>& addresses) {
  out.number(addresses.size());
  for (const Address& address : addresses) write_address(out, address);
}

/// 0 inherited, 1 unlimited, 2 and the bytes.
void write_quota(RecordWriter& out, const std::optional<QuotaLimit>& quota) {
  if (!quota) {
    out.u8(0);
  } else if (!quota->bytes()) {
    out.u8(1);
  } else {
    out.u8(2).number(*quota->bytes());
  }
}

// ---- Reading

/// Nothing spoils the record.
std::optional<Address> read_address(RecordReader& in) {
  const std::string local_part = in.text();
  auto domain = DomainName::parse(in.text());
  if (in.sound() && domain) {
    if (auto address = Address::from_parts(local_part, *std::move(domain))) return *std::move(address);
  }
  in.spoil();
  return std::nullopt;
}

std::optional<Address> read_optional_address(RecordReader& in) {
  return in.flag() ? read_address(in) : std::nullopt;
}

std::vector<Address> read_addresses(RecordReader& in, std::size_t max) {
  std::vector<Address> out;
  for (std::uint64_t left = in.number(max); left > 0 && in.sound(); --left) {
    if (auto address = read_address(in)) out.push_back(*std::move(address));
  }
  return out;
}

std::optional<QuotaLimit> read_quota(RecordReader& in) {
  switch (in.u8(2)) {
    case 1:
      return QuotaLimit::unlimited();
    case 2:
      return QuotaLimit::of_bytes(in.number());
    default:
      return std::nullopt;
  }
}

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorKind::kCorrupt, "the directory's record of {} is damaged, or written by a newer version",
              what);
}

std::string_view view(const Sha256::Digest& digest) { return {digest.data(), digest.size()}; }

}  // namespace

std::string domain_key(const DomainName& name) { return std::string(kDomainPrefix) + name.ascii(); }

// The domain comes first, so that a domain's names are one range; neither part can hold a NUL.
std::string name_prefix(const DomainName& domain) { return std::string(kNamePrefix) + domain.ascii() + '\0'; }

std::string name_key(const Address& address) { return name_prefix(address.domain()) + address.local_key(); }

std::string account_key(AccountId id) { return key_with_id(kAccountPrefix, id.value()); }

std::optional<AccountId> account_of_key(std::string_view key) {
  Cursor in(key);
  if (!in.take_word(kAccountPrefix)) return {};
  const auto id = in.take_u64();
  if (!id || !in.at_end()) return {};
  return AccountId(*id);
}

std::string credentials_key(AccountId id) { return key_with_id("c", id.value()); }

std::string last_used_prefix(AccountId id) { return key_with_id("u", id.value()); }

std::string last_used_key(AccountId id, AppPasswordId app_password) {
  return key_with_id(last_used_prefix(id), app_password.value());
}

std::string encode_time(WallTime time) { return RecordWriter(kVersion).time(time).finish(); }

Result<WallTime> decode_time(std::string_view bytes) {
  RecordReader in(bytes, kVersion);
  const WallTime time = in.time();
  if (!in.complete()) return damaged("a time");
  return time;
}

std::string encode_bytes(std::string_view bytes) { return RecordWriter(kVersion).text(bytes).finish(); }

Result<std::string> decode_bytes(std::string_view record) {
  RecordReader in(record, kVersion);
  std::string bytes = in.text();
  if (!in.complete()) return damaged("a secret");
  return bytes;
}

std::string encode_number(std::uint64_t number) { return RecordWriter(kVersion).number(number).finish(); }

Result<std::uint64_t> decode_number(std::string_view bytes) {
  RecordReader in(bytes, kVersion);
  const std::uint64_t number = in.number();
  if (!in.complete()) return damaged("a counter");
  return number;
}

std::string encode_domain(const Domain& domain) {
  const DomainOptions& options = domain.options;
  RecordWriter out(kVersion);
  out.text(domain.name.ascii()).flag(options.enabled);
  out.u8(static_cast<std::uint8_t>(options.subaddress_separator.value_or('\0')));
  write_address(out, options.catch_all);
  write_address(out, options.postmaster);
  write_quota(out, options.default_quota);
  return out.number(domain.address_count).time(domain.created).finish();
}

Result<Domain> decode_domain(std::string_view bytes) {
  RecordReader in(bytes, kVersion);
  auto name = DomainName::parse(in.text());
  if (!name) return damaged("a domain");
  Domain out{.name = *std::move(name), .options = {}, .address_count = 0, .created = {}};
  out.options.enabled = in.flag();
  const char separator = static_cast<char>(in.u8());
  out.options.subaddress_separator = separator == '\0' ? std::nullopt : std::optional(separator);
  out.options.catch_all = read_optional_address(in);
  out.options.postmaster = read_optional_address(in);
  out.options.default_quota = read_quota(in);
  out.address_count = in.number();
  out.created = in.time();
  if (!in.complete()) return damaged("a domain");
  return out;
}

std::string encode_account(const AccountRecord& record) {
  if (const auto* tombstone = std::get_if<Tombstone>(&record)) {
    return RecordWriter(kVersion)
        .u8(static_cast<std::uint8_t>(AccountKind::kRemoved))
        .text(tombstone->login)
        .time(tombstone->created)
        .time(tombstone->removed)
        .finish();
  }
  const Account& account = std::get<Account>(record);
  RecordWriter out(kVersion);
  out.u8(static_cast<std::uint8_t>(AccountKind::kLive));
  write_addresses(out, account.addresses);
  out.text(account.display_name);
  write_quota(out, account.quota);
  return out.flag(account.enabled).text(account.disabled_reason).time(account.created).finish();
}

Result<AccountRecord> decode_account(AccountId id, std::string_view bytes) {
  RecordReader in(bytes, kVersion);
  switch (static_cast<AccountKind>(in.u8())) {
    case AccountKind::kRemoved: {
      Tombstone out;
      out.login = in.text();
      out.created = in.time();
      out.removed = in.time();
      if (in.complete()) return out;
      break;
    }
    case AccountKind::kLive: {
      Account out;
      out.id = id;
      out.addresses = read_addresses(in, kMaxAddressesPerAccount);
      out.display_name = in.text();
      out.quota = read_quota(in);
      out.enabled = in.flag();
      out.disabled_reason = in.text();
      out.created = in.time();
      if (in.complete() && !out.addresses.empty()) return out;
      break;
    }
  }
  return damaged(fmt::format("account {}", id));
}

std::string encode_name(const NameRecord& record) {
  RecordWriter out(kVersion);
  if (const auto* account = std::get_if<AccountId>(&record)) {
    out.u8(static_cast<std::uint8_t>(NameKind::kAccount)).number(account->value());
  } else if (const auto* alias = std::get_if<Alias>(&record)) {
    out.u8(static_cast<std::uint8_t>(NameKind::kAlias));
    write_address(out, alias->address);
    write_addresses(out, alias->targets);
  } else {
    const Group& group = std::get<Group>(record);
    out.u8(static_cast<std::uint8_t>(NameKind::kGroup));
    write_address(out, group.address);
    out.text(group.name).u8(static_cast<std::uint8_t>(group.posting));
    write_addresses(out, group.members);
  }
  return out.finish();
}

Result<NameRecord> decode_name(std::string_view bytes) {
  RecordReader in(bytes, kVersion);
  switch (static_cast<NameKind>(in.u8())) {
    case NameKind::kAccount: {
      const AccountId id(in.number());
      if (in.complete()) return id;
      break;
    }
    case NameKind::kAlias: {
      auto address = read_address(in);
      auto targets = read_addresses(in, kMaxAliasTargets);
      if (in.complete()) return Alias{*std::move(address), std::move(targets)};
      break;
    }
    case NameKind::kGroup: {
      auto address = read_address(in);
      auto name = in.text();
      const auto posting = in.one_of(Group::Posting::kAnyone, Group::Posting::kNobody);
      auto members = read_addresses(in, kMaxGroupMembers);
      if (in.complete()) return Group{*std::move(address), std::move(name), std::move(members), posting};
      break;
    }
  }
  return damaged("an address");
}

std::string encode_credentials(const CredentialsRecord& record) {
  RecordWriter out(kVersion);
  out.text(record.password_hash).flag(record.scram.has_value());
  if (record.scram) {
    out.text(record.scram->salt).number(record.scram->iterations);
    out.text(view(record.scram->stored_key)).text(view(record.scram->server_key));
  }
  out.number(record.next_app_password).number(record.app_passwords.size());
  for (const StoredAppPassword& app_password : record.app_passwords) {
    out.number(app_password.id.value())
        .text(app_password.name)
        .u8(app_password.protocols.bits())
        .time(app_password.created)
        .text(view(app_password.hash));
  }
  return out.finish();
}

namespace {

/// Digests are written with their length, so that another hash can follow.
Sha256::Digest take_digest(RecordReader& in) {
  const std::string_view bytes = in.view();
  Sha256::Digest out{};
  if (bytes.size() != out.size()) {
    in.spoil();
    return out;
  }
  std::ranges::copy(bytes, out.begin());
  return out;
}

}  // namespace

Result<CredentialsRecord> decode_credentials(std::string_view bytes) {
  RecordReader in(bytes, kVersion);
  CredentialsRecord out;
  out.password_hash = in.text();
  if (in.flag()) {
    ScramKeys keys;
    keys.salt = in.text();
    keys.iterations = in.number32();
    if (keys.iterations == 0) in.spoil();
    keys.stored_key = take_digest(in);
    keys.server_key = take_digest(in);
    out.scram = std::move(keys);
  }
  out.next_app_password = in.number();
  for (std::uint64_t left = in.number(kMaxAppPasswords); left > 0 && in.sound(); --left) {
    StoredAppPassword app_password;
    app_password.id = AppPasswordId(in.number());
    app_password.name = in.text();
    app_password.protocols = ProtocolSet(in.u8());
    app_password.created = in.time();
    app_password.hash = take_digest(in);
    out.app_passwords.push_back(std::move(app_password));
  }
  if (!in.complete()) return damaged("an account's credentials");
  return out;
}

}  // namespace pabal::account::detail
