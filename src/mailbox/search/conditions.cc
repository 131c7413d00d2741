#include "mailbox/search/conditions.h"

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/ascii.h"
#include "message/casemap.h"
#include "message/date.h"

namespace pabal::mailbox::search {
namespace {

constexpr Verdict verdict(bool in) { return in ? Verdict::kIn : Verdict::kOut; }
constexpr Verdict inverse(Verdict of) { return static_cast<Verdict>(2 - static_cast<int>(of)); }

bool matches_day(std::chrono::sys_days day, const query::Dated& wanted) {
  const std::chrono::sys_days other(wanted.day);
  switch (wanted.when) {
    case query::Dated::When::kBefore:
      return day < other;
    case query::Dated::When::kOn:
      return day == other;
    case query::Dated::When::kSince:
      return day >= other;
  }
  return false;
}

/// The bits of these flags in this folder; nothing when one of the keywords is not known in it.
std::optional<Flags> bits_of(const FlagNames& names, const KeywordTable& keywords) {
  Flags bits = names.system;
  for (const std::string& keyword : names.keywords) {
    const auto bit = keywords.find_keyword(keyword);
    if (!bit) return std::nullopt;
    bits = with(bits, *bit);
  }
  return bits;
}

/// Calls `use` with the test for a condition that rows answer: chosen once, asked for each row.
template <class Use>
void with_test(const Query& query, const Searched& folder, Use&& use) {
  std::visit(
      [&](const auto& is) {
        using T = std::decay_t<decltype(is)>;
        if constexpr (std::is_same_v<T, query::Flagged>) {
          const auto bits = bits_of(is.flag, folder.keywords);
          const Flags wanted = bits.value_or(Flags{});
          const bool known = bits.has_value();
          use([=](const Row& row) { return known && has(row.flags, wanted); });
        } else if constexpr (std::is_same_v<T, query::Larger>) {
          use([&](const Row& row) { return row.size_bytes > is.bytes; });
        } else if constexpr (std::is_same_v<T, query::Smaller>) {
          use([&](const Row& row) { return row.size_bytes < is.bytes; });
        } else if constexpr (std::is_same_v<T, query::Dated>) {
          const bool saved = is.which == query::Dated::Which::kSaved;
          use([&, saved](const Row& row) {
            return matches_day(std::chrono::floor<std::chrono::days>(saved ? row.saved : row.received), is);
          });
        } else if constexpr (std::is_same_v<T, query::Younger>) {
          use([at = folder.now - is.than](const Row& row) { return row.received >= at; });
        } else if constexpr (std::is_same_v<T, query::Older>) {
          use([at = folder.now - is.than](const Row& row) { return row.received <= at; });
        } else if constexpr (std::is_same_v<T, query::ChangedSince>) {
          use([&](const Row& row) { return row.mod_seq >= is.at_least; });
        } else if constexpr (std::is_same_v<T, query::IsLetter>) {
          use([&](const Row& row) { return row.letter == is.letter; });
        } else if constexpr (std::is_same_v<T, query::InSet>) {
          use([&](const Row& row) {
            return is.set < folder.sets.size() && folder.sets[is.set].contains(row.uid);
          });
        } else {
          use([](const Row&) { return false; });
        }
      },
      query.is);
}

}  // namespace

void Leaf::use_column(std::shared_ptr<const FieldColumn> kept) {
  column = std::move(kept);
  column_has = column->find_text(needle.text);
}

Verdict Leaf::rate(LetterId letter, std::size_t& hint) const {
  if (column) {
    if (const auto place = column->find(letter, hint)) return verdict(column_has[*place]);
  }
  return candidates.may_have(letter) ? Verdict::kUnknown : Verdict::kOut;
}

Conditions::Conditions(const Query& query) : root_(build(query)) {}

Conditions::Node Conditions::build_parts(Kind kind, std::span<const Query> parts) {
  Node node{.kind = kind};
  for (const Query& part : parts) node.parts.push_back(build(part));
  return node;
}

Conditions::Node Conditions::add_leaf(const Query& query, Cost cost, Needle needle, bool has_needle) {
  leaves_.push_back({.query = &query, .cost = cost, .needle = std::move(needle), .has_needle = has_needle});
  return {.kind = Kind::kLeaf, .leaf = leaves_.size() - 1};
}

Conditions::Node Conditions::build(const Query& query) {
  using Where = Needle::Where;
  return std::visit(
      [&](const auto& is) -> Node {
        using T = std::decay_t<decltype(is)>;
        if constexpr (std::is_same_v<T, query::All>) {
          return {.kind = Kind::kAll};
        } else if constexpr (std::is_same_v<T, query::And>) {
          return build_parts(Kind::kAnd, is.parts);
        } else if constexpr (std::is_same_v<T, query::Or>) {
          return build_parts(Kind::kOr, is.parts);
        } else if constexpr (std::is_same_v<T, query::Not>) {
          return build_parts(Kind::kNot, is.part);
        } else if constexpr (std::is_same_v<T, query::HeaderHas>) {
          // Whether a field is there at all, only the header says.
          const Cost cost = is_envelope_field(is.name) && !is.text.empty() ? Cost::kEnvelope : Cost::kLetter;
          return add_leaf(query, cost, {Where::kField, message::fold_case(is.text), is.name}, true);
        } else if constexpr (std::is_same_v<T, query::BodyHas>) {
          if (is.text.empty()) return {.kind = Kind::kAll};
          return add_leaf(query, Cost::kLetter, {Where::kBody, message::fold_case(is.text)}, true);
        } else if constexpr (std::is_same_v<T, query::TextHas>) {
          if (is.text.empty()) return {.kind = Kind::kAll};
          return add_leaf(query, Cost::kLetter, {Where::kText, message::fold_case(is.text)}, true);
        } else if constexpr (std::is_same_v<T, query::InThread>) {
          return add_leaf(query, Cost::kThread);
        } else {
          if constexpr (std::is_same_v<T, query::Dated>) {
            if (is.which == query::Dated::Which::kSent) return add_leaf(query, Cost::kEnvelope);
          }
          return {.kind = Kind::kRow, .query = &query};
        }
      },
      query.is);
}

std::vector<Verdict> Conditions::rate_rows(const Searched& folder) const {
  std::vector<Verdict> out(folder.table.size());
  rate_rows(root_, folder, out);
  return out;
}

void Conditions::rate_rows(const Node& node, const Searched& folder, std::vector<Verdict>& out) const {
  const auto rate_each = [&](auto test) {
    folder.table.for_each([&](std::size_t position, const Row& row) { out[position] = test(row); });
  };
  switch (node.kind) {
    case Kind::kAll:
      std::ranges::fill(out, Verdict::kIn);
      return;
    case Kind::kAnd:
    case Kind::kOr: {
      const bool all = node.kind == Kind::kAnd;
      std::ranges::fill(out, verdict(all));
      std::vector<Verdict> one(out.size());
      for (const Node& part : node.parts) {
        rate_rows(part, folder, one);
        for (std::size_t i = 0; i < out.size(); ++i)
          out[i] = all ? std::min(out[i], one[i]) : std::max(out[i], one[i]);
      }
      return;
    }
    case Kind::kNot:
      rate_rows(node.parts.front(), folder, out);
      for (Verdict& one : out) one = inverse(one);
      return;
    case Kind::kRow:
      if (const auto* in_set = std::get_if<query::InSet>(&node.query->is);
          in_set && in_set->set < folder.sets.size()) {
        std::ranges::fill(out, Verdict::kOut);
        return folder.table.for_each(folder.sets[in_set->set],
                                     [&](std::size_t position, const Row&) { out[position] = Verdict::kIn; });
      }
      return with_test(*node.query, folder,
                       [&](auto test) { rate_each([&](const Row& row) { return verdict(test(row)); }); });
    case Kind::kLeaf: {
      const Leaf& leaf = leaves_[node.leaf];
      std::size_t hint = 0;
      return rate_each([&](const Row& row) { return leaf.rate(row.letter, hint); });
    }
  }
}

Verdict Conditions::rate(const Row& row, const Searched& folder, std::span<const Verdict> leaves) const {
  return rate(root_, row, folder, leaves);
}

Verdict Conditions::rate(const Node& node, const Row& row, const Searched& folder,
                         std::span<const Verdict> leaves) const {
  switch (node.kind) {
    case Kind::kAll:
      return Verdict::kIn;
    case Kind::kAnd:
    case Kind::kOr: {
      const bool all = node.kind == Kind::kAnd;
      Verdict so_far = verdict(all);
      for (const Node& part : node.parts) {
        const Verdict one = rate(part, row, folder, leaves);
        so_far = all ? std::min(so_far, one) : std::max(so_far, one);
        if (so_far == verdict(!all)) break;
      }
      return so_far;
    }
    case Kind::kNot:
      return inverse(rate(node.parts.front(), row, folder, leaves));
    case Kind::kRow: {
      Verdict answer = Verdict::kOut;
      with_test(*node.query, folder, [&](auto test) { answer = verdict(test(row)); });
      return answer;
    }
    case Kind::kLeaf:
      return leaves[node.leaf];
  }
  return Verdict::kOut;
}

bool envelope_matches(const Leaf& leaf, const message::Envelope& envelope) {
  if (leaf.has_needle) {
    const auto text = envelope_text(envelope, leaf.needle.field);
    return text && message::fold_case(*text).find(leaf.needle.text) != std::string::npos;
  }
  const auto* dated = std::get_if<query::Dated>(&leaf.query->is);
  const auto sent = dated && envelope.date ? message::parse_date(*envelope.date) : std::nullopt;
  // The day as the sender's clock had it; a letter without a date was sent on no day.
  return sent && matches_day(std::chrono::floor<std::chrono::days>(sent->utc + sent->offset), *dated);
}

}  // namespace pabal::mailbox::search
