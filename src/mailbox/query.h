// What somebody looks for in a folder: the tree that IMAP SEARCH (RFC 9051 §6.4.4) and JMAP filters
// (RFC 8621 §4.4.1) are read into, and that search/evaluate.h answers. Texts are UTF-8.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "mailbox/flags.h"
#include "mailbox/ids.h"

namespace pabal::mailbox {

/// A tree deeper than this, or with more conditions, is refused by whoever reads it: no person makes one.
inline constexpr std::size_t kMaxQueryDepth = 50;
inline constexpr std::size_t kMaxQueryConditions = 1000;

struct Query;

namespace query {

struct All {};
/// All of them; true if there is none.
struct And {
  std::vector<Query> parts;
};
struct Or {
  std::vector<Query> parts;
};
struct Not {
  std::vector<Query> part;  ///< exactly one
};
/// The UIDs of one of the sets that are given beside the tree: whoever reads sequence numbers, `*` and `$`
/// knows the session's view, this tree does not.
struct InSet {
  std::size_t set = 0;
};
/// Any of the system's flags, or one keyword.
struct Flagged {
  FlagNames flag;
};
struct Larger {
  std::uint64_t bytes = 0;
};
struct Smaller {
  std::uint64_t bytes = 0;
};
/// By the day alone; time and zone are left aside (RFC 9051 §6.4.4).
struct Dated {
  enum class Which : std::uint8_t { kReceived, kSent, kSaved } which = Which::kReceived;
  enum class When : std::uint8_t { kBefore, kOn, kSince } when = When::kOn;
  std::chrono::year_month_day day{};
};
/// RFC 5032: by INTERNALDATE, or by the save date (RFC 8514 has no such key; JMAP neither).
struct Younger {
  std::chrono::seconds than{};
};
struct Older {
  std::chrono::seconds than{};
};
/// A header field of this name has `text` in it; an empty text: the field is there. FROM, TO, CC, BCC and
/// SUBJECT are these too.
struct HeaderHas {
  std::string name;
  std::string text;
};
struct BodyHas {
  std::string text;
};
/// Header or body.
struct TextHas {
  std::string text;
};
/// RFC 7162 §3.1.5.
struct ChangedSince {
  ModSeq at_least;
};
/// EMAILID (RFC 8474 §5).
struct IsLetter {
  LetterId letter;
};
/// THREADID; threads are named by the letter that began them.
struct InThread {
  LetterId thread;
};

}  // namespace query

struct Query {
  std::variant<query::All, query::And, query::Or, query::Not, query::InSet, query::Flagged, query::Larger,
               query::Smaller, query::Dated, query::Younger, query::Older, query::HeaderHas, query::BodyHas,
               query::TextHas, query::ChangedSince, query::IsLetter, query::InThread>
      is;
};

}  // namespace pabal::mailbox
