// FETCH and UID FETCH (RFC 9051 §6.4.5, RFC 3516, RFC 7162, RFC 8474, RFC 8514, RFC 8970, RFC 9394).
// Pure; any thread; see session_commands.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/cursor.h"
#include "base/result.h"
#include "imap/grammar/section.h"
#include "imap/grammar/sequence_set.h"
#include "imap/grammar/tokens.h"
#include "mailbox/ids.h"

namespace pabal::imap {

/// Sections asked for in one FETCH.
inline constexpr std::size_t kMaxFetchSections = 100;

/// What has no argument.
enum class FetchItem : std::uint8_t {
  kUid,
  kFlags,
  kInternalDate,
  kRfc822Size,
  kEnvelope,
  kBody,  ///< BODY without a section
  kBodyStructure,
  kModSeq,
  kEmailId,
  kThreadId,
  kSaveDate,
  kPreview,
  kPreviewLazy,  ///< PREVIEW (LAZY): only if it is at hand
};

/// What gives bytes, or their count, of a letter or a part.
struct FetchSection {
  enum class Kind : std::uint8_t {
    kBody,
    kBinary,
    kBinarySize,
    kRfc822,
    kRfc822Header,
    kRfc822Text,
  };

  Kind kind = Kind::kBody;
  bool peek = false;     ///< does not set \Seen
  Section section = {};  ///< for RFC822 and the like too: what they mean
  std::optional<Partial> partial = {};
  /// The name in the response, as far as the opening of its value: "BODY[1.TEXT]<0>".
  std::string label = {};
};

struct FetchItems {
  std::uint32_t bits = 0;
  std::vector<FetchSection> sections;  ///< in the order asked for

  void add(FetchItem item) { bits |= 1u << static_cast<unsigned>(item); }
  bool has(FetchItem item) const { return (bits >> static_cast<unsigned>(item) & 1) != 0; }
  /// Only these, and no bytes.
  bool is_only(std::initializer_list<FetchItem> items) const;
  bool sets_seen() const;
};
/// fetch-att, one; adds it.
Result<void> parse_fetch_att(Cursor& in, const Dialect& dialect, FetchItems& items);
/// "(" fetch-att *(SP fetch-att) ")", as NOTIFY and UPDATE have it.
Result<FetchItems> parse_fetch_att_list(Cursor& in, const Dialect& dialect);

/// RFC 9394: positions in a result, from 1; negative ones count from the end.
struct PartialRange {
  std::int64_t first = 1;  ///< the one nearer to where counting begins: 1:100, -1:-100
  std::int64_t last = 1;
  bool operator==(const PartialRange&) const = default;
  bool from_end() const { return first < 0; }
};
Result<PartialRange> parse_partial_range(Cursor& in);

struct FetchCommand {
  SequenceSet set;
  FetchItems items;
  std::optional<mailbox::ModSeq> changed_since;
  bool vanished = false;  ///< only in UID FETCH with CHANGEDSINCE; the caller looks whether QRESYNC is on
  std::optional<PartialRange> partial;  ///< only in UID FETCH
};
/// `uid`: the command was UID FETCH; then kUid is among the items (RFC 9051 §6.4.9).
Result<FetchCommand> parse_fetch(Cursor& in, const Dialect& dialect, bool uid);

}  // namespace pabal::imap
