#include "message/address_list.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/cursor.h"
#include "message/detail/lexer.h"

namespace pabal::message {
namespace {

using detail::is_atom_char;
using detail::is_space;
using detail::skip_cfws;
using detail::take_word;

/// Reads entries from left to right. What stands before `<`, `@` or `:` means a name, a local part or a
/// group only once that character is seen, so words are gathered as both: `phrase_` is all of them with
/// blanks between, and `tail_` starts the run without blanks that would be the local part.
class ListReader {
 public:
  explicit ListReader(std::string_view value) : cursor_(value) {}

  std::vector<Address> read() {
    while (!cursor_.at_end() && list_.size() < kMaxAddresses) read_entry();
    if (in_group_) list_.push_back({.kind = Address::Kind::kGroupEnd});
    return std::move(list_);
  }

 private:
  void read_entry() {
    phrase_.clear();
    tail_ = 0;
    comment_.clear();
    while (true) {
      const std::size_t before = cursor_.position();
      skip_cfws(cursor_, &comment_);
      const bool apart = cursor_.position() != before;
      const auto c = cursor_.peek();
      if (!c || *c == ',' || *c == ';') return end_bare();
      if (*c == '<') return read_angle();
      if (*c == '@') return read_bare_address();
      if (*c == ':') {
        if (read_colon()) return;
      } else if (*c == '.') {
        cursor_.take();
        phrase_.push_back('.');
      } else {
        take_phrase_word(apart);
      }
    }
  }

  void take_phrase_word(bool apart) {
    // A dot binds to its neighbours in the obsolete forms: `bob . smith @ crepes.fr` is one local part.
    if (apart && !phrase_.empty() && !phrase_.ends_with('.')) {
      phrase_.push_back(' ');
      tail_ = phrase_.size();
    } else if (apart && phrase_.ends_with('.')) {
      name_blanks_.push_back(phrase_.size());
    }
    if (!take_word(cursor_, phrase_)) cursor_.take();  // a special in no place of its own: `)`, `>`, `]`, `\`
  }

  /// The words as a person wrote them: blanks behind dots come back (`John Q. Public`).
  std::string take_name() {
    std::string name;
    std::size_t copied = 0;
    for (const std::size_t at : name_blanks_) {
      name.append(phrase_, copied, at - copied).push_back(' ');
      copied = at;
    }
    name.append(phrase_, copied);
    name_blanks_.clear();
    return name;
  }

  // `bob` alone, or words that no address follows.
  void end_bare() {
    const bool closes_group = cursor_.take() == ';' && in_group_;
    if (!phrase_.empty()) {
      Address address;
      if (tail_ > 0) {
        address.name = take_name();
      } else {
        address.local_part = phrase_;
        address.name = comment_;
      }
      list_.push_back(std::move(address));
    }
    name_blanks_.clear();
    if (closes_group) close_group();
  }

  /// A group opens, unless the colon only belongs to `mailto:` or to a name that has one in it.
  bool read_colon() {
    cursor_.take();
    if (equals_ignoring_case(phrase_, "mailto")) {
      phrase_.clear();
      return false;
    }
    if (in_group_) {
      phrase_.push_back(':');
      return false;
    }
    list_.push_back({.kind = Address::Kind::kGroupStart, .name = take_name()});
    in_group_ = true;
    return true;
  }

  // obs-route or nothing, then the addr-spec, then `>` if it is there.
  void read_angle() {
    Address address{.name = take_name()};
    while (cursor_.take_char('<')) skip_cfws(cursor_);
    if (cursor_.peek_is('@')) address.route = read_route();
    read_local_part(address.local_part);
    if (cursor_.take_char('@')) address.domain = read_domain();
    cursor_.take_while([](char c) { return c != '>' && c != ',' && c != ';'; });
    while (cursor_.take_char('>')) {
    }
    finish_entry(std::move(address));
  }

  void read_local_part(std::string& out) {
    while (true) {
      skip_cfws(cursor_);
      if (cursor_.take_char('.')) {
        out.push_back('.');
      } else if (cursor_.peek_is('>') || cursor_.peek_is('@') || !take_word(cursor_, out)) {
        return;
      }
    }
  }

  std::string read_route() {
    std::string route;
    while (auto c = cursor_.peek()) {
      if (*c == ':') {
        cursor_.take();
        return route;
      }
      if (*c == '>' || *c == ';') break;
      if (is_space(*c) || *c == '(') {
        skip_cfws(cursor_);
        continue;
      }
      route.push_back(*c);
      cursor_.take();
    }
    return route;
  }

  void read_bare_address() {
    Address address;
    cursor_.take();
    address.local_part = phrase_.substr(tail_);
    phrase_.resize(tail_ > 0 ? tail_ - 1 : 0);
    std::erase_if(name_blanks_, [&](std::size_t at) { return at > phrase_.size(); });
    address.name = take_name();
    address.domain = read_domain();
    skip_cfws(cursor_, &comment_);
    if (cursor_.peek_is('<')) {
      // `bob@crepes.fr <bob@crepes.fr>`: what looked like the address was a name without its quotes.
      phrase_ = (address.name.empty() ? "" : address.name + " ") + address.local_part + "@" + address.domain;
      return read_angle();
    }
    finish_entry(std::move(address));
  }

  // Another @ stays in the domain: nobody can reach such an address, and everybody should see it as it came.
  std::string read_domain() {
    std::string domain;
    while (true) {
      skip_cfws(cursor_, &comment_);
      const auto c = cursor_.peek();
      if (!c) return domain;
      if (*c == '[') {
        read_domain_literal(domain);
      } else if (*c == '.' || *c == '@') {
        domain.push_back(*c);
        cursor_.take();
      } else {
        const bool continues = domain.empty() || domain.ends_with('.') || domain.ends_with('@');
        if (!continues || !is_atom_char(*c)) return domain;
        domain.append(cursor_.take_while(is_atom_char));
      }
    }
  }

  void read_domain_literal(std::string& out) {
    const std::string_view literal =
        cursor_.take_while([](char c) { return c != ']' && c != '>' && c != ','; });
    std::ranges::copy_if(literal, std::back_inserter(out), [](char c) { return !is_space(c); });
    if (cursor_.take_char(']')) out.push_back(']');
  }

  // Comments behind an address are its name when it has no other (RFC 5322 §3.4, the note on comments).
  void finish_entry(Address address) {
    skip_cfws(cursor_, &comment_);
    if (address.name.empty()) address.name = comment_;
    const bool says_something =
        !address.name.empty() || !address.local_part.empty() || !address.domain.empty();
    if (says_something) list_.push_back(std::move(address));
    name_blanks_.clear();
    cursor_.take_while([](char c) { return c == '>' || is_space(c); });
    if (cursor_.take_char(',')) return;
    if (cursor_.take_char(';') && in_group_) close_group();
  }

  void close_group() {
    list_.push_back({.kind = Address::Kind::kGroupEnd});
    in_group_ = false;
  }

  Cursor cursor_;
  std::vector<Address> list_;
  std::string phrase_;
  std::string comment_;
  std::vector<std::size_t> name_blanks_;  ///< Where in phrase_ a blank was, behind a dot.
  std::size_t tail_ = 0;
  bool in_group_ = false;
};

}  // namespace

std::vector<Address> parse_address_list(std::string_view value) { return ListReader(value).read(); }

std::string quote_local_part(std::string_view local_part) {
  bool dot_atom = !local_part.empty() && !local_part.starts_with('.') && !local_part.ends_with('.');
  for (std::size_t i = 0; i < local_part.size() && dot_atom; ++i) {
    const char c = local_part[i];
    dot_atom = c == '.' ? local_part[i + 1] != '.' : is_atom_char(c);
  }
  if (dot_atom) return std::string(local_part);
  std::string out = "\"";
  for (const char c : local_part) {
    if (c == '"' || c == '\\') out.push_back('\\');
    if (c != '\r' && c != '\n') out.push_back(c);
  }
  out.push_back('"');
  return out;
}

std::string Address::addr_spec() const {
  std::string out = quote_local_part(local_part);
  if (!domain.empty()) out.append("@").append(domain);
  return out;
}

}  // namespace pabal::message
