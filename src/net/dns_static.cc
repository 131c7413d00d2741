#include "net/dns_static.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/cursor.h"

namespace pabal::net {

namespace {

constexpr std::chrono::seconds kDefaultTtl{3600};
constexpr std::uint32_t kMaxTtlSeconds = 0x7fffffff;  // RFC 2181 §8
/// Longer chains of CNAMEs are loops.
constexpr int kMaxAliases = 8;

constexpr DnsType kTypes[] = {DnsType::kA,   DnsType::kCname, DnsType::kPtr, DnsType::kMx,
                              DnsType::kTxt, DnsType::kAaaa,  DnsType::kTlsa};

std::string_view take_word(Cursor& cursor) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  cursor.take_while(is_space);
  return cursor.take_while([&](char c) { return !is_space(c); });
}

/// A `;` outside quotes begins a comment.
std::string_view without_comment(std::string_view line) {
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\')
      ++i;
    else if (line[i] == '"')
      quoted = !quoted;
    else if (line[i] == ';' && !quoted)
      return line.substr(0, i);
  }
  return line;
}

}  // namespace

Result<std::unique_ptr<StaticResolver>> StaticResolver::parse(std::string_view zone) {
  auto resolver = std::make_unique<StaticResolver>();
  for (int number = 1; !zone.empty(); ++number) {
    const std::size_t end = std::min(zone.find('\n'), zone.size());
    std::string_view line = zone.substr(0, end);
    zone.remove_prefix(std::min(end + 1, zone.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (auto added = resolver->add_line(without_comment(line)); !added) {
      return failure_of(std::move(added), fmt::format("line {}", number));
    }
  }
  return resolver;
}

Result<void> StaticResolver::add_line(std::string_view line) {
  Cursor cursor(line);
  const std::string_view first = take_word(cursor);
  if (first.empty()) return {};
  const std::string_view second = take_word(cursor);
  const bool directive = first.front() == '$';
  const auto name = normalise_dns_name(directive ? second : first);
  if (!name) return fail(ErrorKind::kRefuse, "'{}' is not a name", directive ? second : first);
  if (directive) {
    if (first == "$SECURE")
      marks_[*name] = Mark::kSecure;
    else if (first == "$BOGUS")
      marks_[*name] = Mark::kBogus;
    else if (first == "$FAIL")
      marks_[*name] = Mark::kFail;
    else
      return fail(ErrorKind::kRefuse, "'{}' is none of $SECURE, $BOGUS, $FAIL", first);
    return {};
  }
  std::chrono::seconds ttl = kDefaultTtl;
  std::string_view type_word = second;
  Cursor number(second);
  if (const auto seconds = number.take_number(kMaxTtlSeconds); seconds && number.at_end()) {
    ttl = std::chrono::seconds(*seconds);
    type_word = take_word(cursor);
  }
  if (equals_ignoring_case(type_word, "IN")) type_word = take_word(cursor);
  const auto type = std::ranges::find_if(
      kTypes, [&](DnsType each) { return equals_ignoring_case(to_string(each), type_word); });
  if (type == std::end(kTypes))
    return fail(ErrorKind::kRefuse, "'{}' is no record type that is known here", type_word);
  PABAL_TRY(std::string rdata, parse_rdata(*type, cursor.rest()));
  RecordSet& set = names_[*name][*type];
  set.ttl = set.records.empty() ? ttl : std::min(set.ttl, ttl);
  set.records.push_back(std::move(rdata));
  return {};
}

std::optional<StaticResolver::Mark> StaticResolver::mark_of(std::string_view name) const {
  for (;;) {
    if (const auto found = marks_.find(name); found != marks_.end()) return found->second;
    const std::size_t dot = name.find('.');
    if (dot == name.npos) return std::nullopt;
    name.remove_prefix(dot + 1);
  }
}

DnsAnswer StaticResolver::find(std::string name, DnsType type) const {
  DnsAnswer answer;
  answer.ttl = kDefaultTtl;
  answer.security = DnsSecurity::kSecure;  // until a link of the chain is not
  for (int aliases = 0; aliases <= kMaxAliases; ++aliases) {
    const auto mark = mark_of(name);
    if (mark == Mark::kFail) return {.why = "the servers of " + name + " do not answer"};
    if (mark == Mark::kBogus)
      return {.security = DnsSecurity::kBogus, .why = "the signatures of " + name + " are wrong"};
    if (!mark) answer.security = DnsSecurity::kInsecure;
    answer.canonical_name = name;
    const auto found = names_.find(name);
    if (found == names_.end()) {
      // A name exists if one below it does (RFC 8020).
      const bool parent =
          std::ranges::any_of(names_, [&](const auto& each) { return each.first.ends_with("." + name); });
      answer.status = parent ? DnsStatus::kNoData : DnsStatus::kNoName;
      return answer;
    }
    const auto alias = found->second.find(DnsType::kCname);
    if (alias != found->second.end() && type != DnsType::kCname) {
      answer.ttl = std::min(answer.ttl, alias->second.ttl);
      name = names_of({.records = alias->second.records}).front();
      continue;
    }
    const auto records = found->second.find(type);
    answer.status = records == found->second.end() ? DnsStatus::kNoData : DnsStatus::kFound;
    if (answer.status == DnsStatus::kFound) {
      answer.records = records->second.records;
      answer.ttl = std::min(answer.ttl, records->second.ttl);
    }
    return answer;
  }
  return {.why = "the aliases of " + name + " lead in a circle"};
}

Task<Result<DnsAnswer>> StaticResolver::query(std::string name, DnsType type, Deadline) {
  const auto normal = normalise_dns_name(name);
  if (!normal) co_return fail(ErrorKind::kRefuse, "'{}' is not a name that the DNS can have", name);
  co_return find(*normal, type);
}

}  // namespace pabal::net
