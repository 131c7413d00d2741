#include "account/address.h"

#include "account/address_grammar.h"
#include "account/detail/unicode.h"
#include "base/ascii.h"
#include "base/utf8.h"

namespace pabal::account {
namespace {

/// What is shown of a text that somebody typed wrong; they know the rest.
std::string excerpt(std::string_view text) {
  constexpr std::size_t kShown = 80;
  const std::string shown = repair_utf8(utf8_prefix(text, kShown));
  return shown.size() < text.size() ? shown + "..." : shown;
}

bool is_plain_domain(std::string_view text) {
  Cursor in(text);
  return parse_domain(in) && in.at_end();
}

}  // namespace

Result<DomainName> DomainName::parse(std::string_view text) {
  if (text.starts_with('[')) {
    Cursor in(text);
    const auto literal = parse_address_literal(in);
    // RFC 5321 §4.1.3: other tags need a standard of their own, and none exists.
    if (!literal || !in.at_end() || literal->kind == AddressLiteral::Kind::kGeneral) {
      return fail(ErrorKind::kRefuse, "'{}' is not an address literal such as [192.0.2.1]", excerpt(text));
    }
    return DomainName("[" + literal->text + "]");
  }
  std::string_view name = text;
  if (name.ends_with('.')) name.remove_suffix(1);
  if (is_ascii(name) && is_plain_domain(name)) return DomainName(to_lower(name));
  if (!is_ascii(name) && name.size() <= kMaxDomainBytes) {
    // The mapping turns some characters into ASCII that no domain may hold, and into dots.
    const auto ascii = detail::domain_to_ascii(name);
    if (ascii && is_ascii(*ascii) && is_plain_domain(*ascii)) return DomainName(to_lower(*ascii));
  }
  return fail(ErrorKind::kRefuse, "'{}' is not a domain name such as example.org", excerpt(text));
}

std::string DomainName::unicode() const {
  if (is_literal()) return ascii_;
  auto unicode = detail::domain_to_unicode(ascii_);
  // Shown only if it leads back here: a made-up A-label must not look like another domain.
  if (!unicode || is_ascii(*unicode)) return ascii_;
  const auto back = detail::domain_to_ascii(*unicode);
  return back == ascii_ ? *std::move(unicode) : ascii_;
}

Result<Address> Address::parse(std::string_view mailbox) {
  Cursor in(mailbox);
  const auto parsed = parse_mailbox(in);
  if (!parsed || !in.at_end()) {
    return fail(ErrorKind::kRefuse, "'{}' is not a mail address such as bob@example.org", excerpt(mailbox));
  }
  PABAL_TRY(auto domain, DomainName::parse(parsed->domain));
  return from_parts(parsed->local_part, std::move(domain));
}

Result<Address> Address::from_parts(std::string_view local_part, DomainName domain) {
  const auto quoted = quote_local_part(local_part);
  const auto key = detail::to_fold(local_part);
  if (!quoted || !key) {
    return fail(ErrorKind::kRefuse, "'{}' holds characters that no mail address may hold",
                excerpt(local_part));
  }
  if (quoted->size() > kMaxLocalPartBytes) {
    return fail(ErrorKind::kRefuse, "'{}' is too long: at most {} bytes may stand before the @",
                excerpt(local_part), kMaxLocalPartBytes);
  }
  if (quoted->size() + 1 + domain.ascii().size() > kMaxMailboxBytes) {
    return fail(ErrorKind::kRefuse, "'{}' at '{}' is too long: a mail address has at most {} bytes",
                excerpt(local_part), excerpt(domain.ascii()), kMaxMailboxBytes);
  }
  return Address(std::string(local_part), *key, std::move(domain));
}

std::string Address::to_string() const {
  // from_parts let in only what can be quoted.
  return quote_local_part(local_part_).value_or("") + "@" + domain_.ascii();
}

std::string Address::to_display() const {
  return quote_local_part(local_part_).value_or("") + "@" + domain_.unicode();
}

bool Address::needs_smtputf8() const { return !is_ascii(local_part_); }

std::string Address::key() const { return local_key_ + "@" + domain_.ascii(); }

std::optional<Subaddress> split_subaddress(const Address& address, char separator) {
  const std::string& local = address.local_part();
  const std::size_t at = local.find(separator);
  if (at == std::string::npos || at == 0) return {};
  auto base = Address::from_parts(std::string_view(local).substr(0, at), address.domain());
  if (!base) return {};
  return Subaddress{*std::move(base), local.substr(at + 1)};
}

}  // namespace pabal::account
