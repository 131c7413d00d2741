#include "account/detail/records.h"

#include <algorithm>

#include "base/cursor.h"

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

class Writer {
 public:
  Writer() { append_u8(bytes_, kVersion); }

  Writer& flag(bool value) { return u8(value ? 1 : 0); }
  Writer& u8(std::uint8_t value) {
    append_u8(bytes_, value);
    return *this;
  }
  Writer& number(std::uint64_t value) {
    append_varint(bytes_, value);
    return *this;
  }
  Writer& text(std::string_view value) {
    append_sized(bytes_, value);
    return *this;
  }
  Writer& time(WallTime value) {
    append_u64(bytes_, static_cast<std::uint64_t>(value.time_since_epoch().count()));
    return *this;
  }
  Writer& address(const Address& value) { return text(value.local_part()).text(value.domain().ascii()); }
  Writer& address(const std::optional<Address>& value) {
    flag(value.has_value());
    return value ? address(*value) : *this;
  }
  Writer& addresses(const std::vector<Address>& values) {
    number(values.size());
    for (const Address& value : values) address(value);
    return *this;
  }
  /// 0 inherited, 1 unlimited, 2 and the bytes.
  Writer& quota(const std::optional<QuotaLimit>& value) {
    if (!value) return u8(0);
    if (!value->bytes()) return u8(1);
    return u8(2).number(*value->bytes());
  }
  std::string finish() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// ---- Reading

/// Remembers that something was wrong, so that a decoder is a list of fields; what it then read is dropped.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : in_(bytes) {
    if (u8() != kVersion) bad_ = true;
  }

  bool good() const { return !bad_; }
  /// Whether the whole record was read, and nothing is left.
  bool finished() const { return !bad_ && in_.at_end(); }
  void spoil() { bad_ = true; }

  std::uint8_t u8() { return got(in_.take_u8()); }
  bool flag() {
    const std::uint8_t value = u8();
    if (value > 1) bad_ = true;
    return value == 1;
  }
  std::uint64_t number() { return got(in_.take_varint()); }
  std::size_t count(std::size_t max) {
    const std::uint64_t value = number();
    if (value > max) bad_ = true;
    return bad_ ? 0 : static_cast<std::size_t>(value);
  }
  std::string text() { return std::string(got(in_.take_sized())); }
  WallTime time() {
    return WallTime(std::chrono::microseconds(static_cast<std::int64_t>(got(in_.take_u64()))));
  }
  std::optional<Address> address() {
    const std::string local_part = text();
    const std::string domain_text = text();
    auto domain = DomainName::parse(domain_text);
    if (bad_ || !domain) return spoiled();
    auto address = Address::from_parts(local_part, *std::move(domain));
    if (!address) return spoiled();
    return *std::move(address);
  }
  std::optional<Address> optional_address() { return flag() ? address() : std::nullopt; }
  std::vector<Address> addresses(std::size_t max) {
    std::vector<Address> out;
    for (std::size_t left = count(max); left > 0 && !bad_; --left) {
      if (auto one = address()) out.push_back(*std::move(one));
    }
    return out;
  }
  std::optional<QuotaLimit> quota() {
    switch (u8()) {
      case 0:
        return {};
      case 1:
        return QuotaLimit::unlimited();
      case 2:
        return QuotaLimit::of_bytes(number());
      default:
        bad_ = true;
        return {};
    }
  }

 private:
  std::nullopt_t spoiled() {
    bad_ = true;
    return std::nullopt;
  }
  template <class T>
  T got(std::optional<T> value) {
    if (!value) bad_ = true;
    return value.value_or(T{});
  }

  Cursor in_;
  bool bad_ = false;
};

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

std::string encode_time(WallTime time) { return Writer().time(time).finish(); }

Result<WallTime> decode_time(std::string_view bytes) {
  Reader in(bytes);
  const WallTime time = in.time();
  if (!in.finished()) return damaged("a time");
  return time;
}

std::string encode_bytes(std::string_view bytes) { return Writer().text(bytes).finish(); }

Result<std::string> decode_bytes(std::string_view record) {
  Reader in(record);
  std::string bytes = in.text();
  if (!in.finished()) return damaged("a secret");
  return bytes;
}

std::string encode_number(std::uint64_t number) { return Writer().number(number).finish(); }

Result<std::uint64_t> decode_number(std::string_view bytes) {
  Reader in(bytes);
  const std::uint64_t number = in.number();
  if (!in.finished()) return damaged("a counter");
  return number;
}

std::string encode_domain(const Domain& domain) {
  const DomainOptions& options = domain.options;
  return Writer()
      .text(domain.name.ascii())
      .flag(options.enabled)
      .u8(static_cast<std::uint8_t>(options.subaddress_separator.value_or('\0')))
      .address(options.catch_all)
      .address(options.postmaster)
      .quota(options.default_quota)
      .number(domain.address_count)
      .time(domain.created)
      .finish();
}

Result<Domain> decode_domain(std::string_view bytes) {
  Reader in(bytes);
  auto name = DomainName::parse(in.text());
  if (!name) return damaged("a domain");
  Domain out{.name = *std::move(name), .options = {}, .address_count = 0, .created = {}};
  out.options.enabled = in.flag();
  const char separator = static_cast<char>(in.u8());
  out.options.subaddress_separator = separator == '\0' ? std::nullopt : std::optional(separator);
  out.options.catch_all = in.optional_address();
  out.options.postmaster = in.optional_address();
  out.options.default_quota = in.quota();
  out.address_count = in.number();
  out.created = in.time();
  if (!in.finished()) return damaged("a domain");
  return out;
}

std::string encode_account(const AccountRecord& record) {
  if (const auto* tombstone = std::get_if<Tombstone>(&record)) {
    return Writer()
        .u8(static_cast<std::uint8_t>(AccountKind::kRemoved))
        .text(tombstone->login)
        .time(tombstone->created)
        .time(tombstone->removed)
        .finish();
  }
  const Account& account = std::get<Account>(record);
  return Writer()
      .u8(static_cast<std::uint8_t>(AccountKind::kLive))
      .addresses(account.addresses)
      .text(account.display_name)
      .quota(account.quota)
      .flag(account.enabled)
      .text(account.disabled_reason)
      .time(account.created)
      .finish();
}

Result<AccountRecord> decode_account(AccountId id, std::string_view bytes) {
  Reader in(bytes);
  switch (static_cast<AccountKind>(in.u8())) {
    case AccountKind::kRemoved: {
      Tombstone out;
      out.login = in.text();
      out.created = in.time();
      out.removed = in.time();
      if (in.finished()) return out;
      break;
    }
    case AccountKind::kLive: {
      Account out;
      out.id = id;
      out.addresses = in.addresses(kMaxAddressesPerAccount);
      out.display_name = in.text();
      out.quota = in.quota();
      out.enabled = in.flag();
      out.disabled_reason = in.text();
      out.created = in.time();
      if (in.finished() && !out.addresses.empty()) return out;
      break;
    }
  }
  return damaged(fmt::format("account {}", id));
}

std::string encode_name(const NameRecord& record) {
  Writer out;
  if (const auto* account = std::get_if<AccountId>(&record)) {
    out.u8(static_cast<std::uint8_t>(NameKind::kAccount)).number(account->value());
  } else if (const auto* alias = std::get_if<Alias>(&record)) {
    out.u8(static_cast<std::uint8_t>(NameKind::kAlias)).address(alias->address).addresses(alias->targets);
  } else {
    const Group& group = std::get<Group>(record);
    out.u8(static_cast<std::uint8_t>(NameKind::kGroup))
        .address(group.address)
        .text(group.name)
        .u8(static_cast<std::uint8_t>(group.posting))
        .addresses(group.members);
  }
  return out.finish();
}

namespace {

std::optional<Group::Posting> to_posting(std::uint8_t value) {
  if (value < static_cast<std::uint8_t>(Group::Posting::kAnyone) ||
      value > static_cast<std::uint8_t>(Group::Posting::kNobody)) {
    return {};
  }
  return static_cast<Group::Posting>(value);
}

}  // namespace

Result<NameRecord> decode_name(std::string_view bytes) {
  Reader in(bytes);
  switch (static_cast<NameKind>(in.u8())) {
    case NameKind::kAccount: {
      const AccountId id(in.number());
      if (in.finished()) return id;
      break;
    }
    case NameKind::kAlias: {
      auto address = in.address();
      auto targets = in.addresses(kMaxAliasTargets);
      if (in.finished()) return Alias{*std::move(address), std::move(targets)};
      break;
    }
    case NameKind::kGroup: {
      auto address = in.address();
      auto name = in.text();
      const auto posting = to_posting(in.u8());
      auto members = in.addresses(kMaxGroupMembers);
      if (in.finished() && posting) {
        return Group{*std::move(address), std::move(name), std::move(members), *posting};
      }
      break;
    }
  }
  return damaged("an address");
}

std::string encode_credentials(const CredentialsRecord& record) {
  Writer out;
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
Sha256::Digest take_digest(Reader& in) {
  const std::string bytes = in.text();
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
  Reader in(bytes);
  CredentialsRecord out;
  out.password_hash = in.text();
  if (in.flag()) {
    ScramKeys keys;
    keys.salt = in.text();
    const std::uint64_t iterations = in.number();
    if (iterations == 0 || iterations > UINT32_MAX) in.spoil();
    keys.iterations = static_cast<std::uint32_t>(iterations);
    keys.stored_key = take_digest(in);
    keys.server_key = take_digest(in);
    out.scram = std::move(keys);
  }
  out.next_app_password = in.number();
  for (std::size_t left = in.count(kMaxAppPasswords); left > 0 && in.good(); --left) {
    StoredAppPassword app_password;
    app_password.id = AppPasswordId(in.number());
    app_password.name = in.text();
    app_password.protocols = ProtocolSet(in.u8());
    app_password.created = in.time();
    app_password.hash = take_digest(in);
    out.app_passwords.push_back(std::move(app_password));
  }
  if (!in.finished()) return damaged("an account's credentials");
  return out;
}

}  // namespace pabal::account::detail
