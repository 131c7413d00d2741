#include "smtp/path.h"

#include "account/address_grammar.h"
#include "base/ascii.h"

namespace pabal::smtp {
namespace {

constexpr std::string_view kPostmaster = "Postmaster";  // RFC 5321 §4.1.1.3: case-insensitive

/// A-d-l ":", which is what remains of source routes: At-domain *( "," At-domain ).
bool skip_source_route(Cursor& in) {
  if (!in.peek_is('@')) return true;
  do {
    if (!in.take_char('@')) return false;
    if (!account::parse_domain(in) && !account::parse_address_literal(in)) return false;
  } while (in.take_char(','));
  return in.take_char(':');
}

bool ends_here(const Cursor& in) { return in.at_end() || in.peek_is(' '); }

std::optional<account::Address> parse_address(Cursor& in) {
  const auto mailbox = account::parse_mailbox(in);
  if (!mailbox) return {};
  auto domain = account::DomainName::parse(mailbox->domain);
  if (!domain) return {};
  auto address = account::Address::from_parts(mailbox->local_part, *std::move(domain));
  if (!address) return {};
  return *std::move(address);
}

bool take_postmaster(Cursor& in) {
  const std::size_t start = in.position();
  if (in.take_word_ignoring_case(kPostmaster) && (ends_here(in) || in.peek_is('>'))) return true;
  in.rewind_to(start);
  return false;
}

enum class Direction { kReverse, kForward };

std::optional<Path> parse_path(Cursor& in, const Leniency& leniency, Direction direction) {
  if (leniency.space_after_colon) in.take_while([](char c) { return c == ' ' || c == '\t'; });
  const std::string_view from_here = in.rest();
  const std::size_t start = in.position();
  const bool has_bracket = in.take_char('<');
  if (!has_bracket && !leniency.address_without_brackets) return {};

  Path out;
  const bool is_null = direction == Direction::kReverse && has_bracket && in.peek_is('>');
  if (!is_null) {
    if (has_bracket && !skip_source_route(in)) return {};
    const bool is_postmaster = direction == Direction::kForward && take_postmaster(in);
    if (!is_postmaster) {
      out.address = parse_address(in);
      if (!out.address) return {};
    }
  }
  if (has_bracket && !in.take_char('>')) return {};
  if (!ends_here(in)) return {};
  out.has_utf8 = !is_ascii(from_here.substr(0, in.position() - start));
  return out;
}

}  // namespace

Parsed<Path> parse_reverse_path(Cursor& in, const Leniency& leniency) {
  auto path = parse_path(in, leniency, Direction::kReverse);
  if (path) return *std::move(path);
  return std::unexpected(Reply{501, status::kBadSenderSyntax,
                               "That is not a sender's address; write MAIL FROM:<alice@example.org>"});
}

Parsed<Path> parse_forward_path(Cursor& in, const Leniency& leniency) {
  auto path = parse_path(in, leniency, Direction::kForward);
  if (path) return *std::move(path);
  return std::unexpected(Reply{501, status::kBadRecipientSyntax,
                               "That is not a recipient's address; write RCPT TO:<bob@example.org>"});
}

Parsed<HeloName> parse_helo_name(std::string_view args, const Leniency& leniency) {
  Cursor in(args);
  if (account::parse_address_literal(in) || account::parse_domain(in)) {
    if (in.at_end()) return HeloName{std::string(args), true};
  }
  const auto is_word_char = [](char c) { return is_vchar(c); };
  Cursor word(args);
  const bool is_word = !word.take_while(is_word_char).empty() && word.at_end();
  if (leniency.any_helo_name && is_word && args.size() <= account::kMaxDomainBytes) {
    return HeloName{std::string(args), false};
  }
  return std::unexpected(
      Reply{501, status::kBadArguments, "Say your name as a domain or as an address in brackets"});
}

}  // namespace pabal::smtp
