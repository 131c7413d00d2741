// What a letter is made of (RFC 2045, RFC 2046): one pass over its bytes, piece by piece as they come from
// the wire or at once, gives a flat list of parts with the offsets of their headers and bodies. Nothing ever
// fails: a part that is broken, too deep or encoded where it must not be has no children and is opaque bytes.
//
// A letter is a tree, kept in the order in which it stands: a part, then all that is within it. A
// message/rfc822 part has one child, the letter that it carries. Example, with IMAP's section numbers:
//
//     0 multipart/mixed
//     1   text/plain             1
//     2   message/rfc822         2
//     3     multipart/mixed      2 (its letter: 2.HEADER, 2.TEXT)
//     4       text/plain         2.1
//
// A parser belongs to one thread at a time and waits for nothing. Between pieces it keeps the header that is
// being read (at most kMaxHeaderBytes), the start of a line, and the parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "message/content_type.h"
#include "message/header.h"
#include "message/transfer_encoding.h"

namespace pabal::message {

/// How deep parts stand within each other. Forwards of forwards reach ten; a deeper part is opaque.
inline constexpr std::size_t kMaxPartDepth = 64;
/// A digest of a busy list has some hundred letters. Behind the last part that is counted all is its body.
inline constexpr std::size_t kMaxParts = 4'000;
/// RFC 2046 §5.1.1 allows 70 characters; the field has somewhat longer ones.
inline constexpr std::size_t kMaxBoundaryBytes = 256;
/// What parameters, names and ids of all parts together may take. A letter of kMaxParts ordinary parts stays
/// below; one that is made to fill memory, or the store, loses the details of the parts behind, and nothing
/// else.
inline constexpr std::size_t kMaxDetailBytes = 2 * 1024 * 1024;
/// RFC 5322 §2.1.1, without the CRLF. Longer lines do not survive every relay.
inline constexpr std::size_t kMaxLineBytes = 998;

using PartIndex = std::uint32_t;
inline constexpr PartIndex kNoPart = UINT32_MAX;

/// One part. All offsets count from the letter's first byte: header [header_begin, body_begin), the empty
/// line with it, body [body_begin, body_end).
struct Part {
  /// What the bytes of a part hold, so that nobody needs to read them to choose a way to send them.
  struct Traits {
    bool header_8bit = false;
    bool body_8bit = false;  ///< Of its own bytes; those of parts within it are told there.
    bool body_nul = false;
    bool long_lines = false;  ///< A line over kMaxLineBytes, in header or body.

    bool operator==(const Traits&) const = default;
  };

  PartIndex parent = kNoPart;
  PartIndex subtree_end =
      0;  ///< The index behind the last part within this one: the next sibling, or behind the parent.
  std::uint64_t header_begin = 0;
  std::uint64_t body_begin = 0;
  std::uint64_t body_end = 0;
  std::uint64_t body_lines = 0;  ///< Line ends in the body.
  Traits traits;
  TransferEncoding encoding = TransferEncoding::k7Bit;

  std::string type;     ///< Lower case, the default of RFC 2045 §5.2 or RFC 2046 §5.1.5 filled in.
  std::string subtype;  ///< Lower case.
  Parameters parameters;
  Disposition disposition;
  std::string encoding_name;  ///< As the field has it; empty when there is none.
  std::string
      id;  ///< Content-ID with its brackets. These are as they stand, unfolded; empty when there is none.
  std::string description;
  std::string md5;
  std::string location;
  std::vector<std::string> languages;  ///< RFC 3282

  bool operator==(const Part&) const = default;

  std::uint64_t header_size() const { return body_begin - header_begin; }
  std::uint64_t body_size() const { return body_end - body_begin; }
  bool is(std::string_view wanted_type, std::string_view wanted_subtype) const {
    return type == wanted_type && subtype == wanted_subtype;
  }
  bool is_text() const { return type == "text"; }
  bool is_multipart() const { return type == "multipart"; }
  /// message/rfc822 or message/global (RFC 6532 §3.7).
  bool is_message() const { return type == "message" && (subtype == "rfc822" || subtype == "global"); }
  std::string_view charset() const;  ///< As the field names it; empty when it doesn't.
  /// The name a person gave the file, in UTF-8: from the disposition, else the type's old `name`. Empty when
  /// there is none.
  std::string file_name() const;
  /// To be offered as a file and not shown: it says so, or it is no text and has a name.
  bool is_attachment() const;
};

struct Structure {
  std::vector<Part> parts;  ///< Never empty once parsed; the first is the letter itself.
  std::uint64_t size = 0;

  bool operator==(const Structure&) const = default;

  const Part& root() const { return parts.front(); }
  bool has_children(PartIndex part) const { return parts[part].subtree_end > part + 1; }
  /// The children in their order: `for (i = first_child(p); i != kNoPart; i = next_sibling(i))`.
  PartIndex first_child(PartIndex part) const { return has_children(part) ? part + 1 : kNoPart; }
  PartIndex next_sibling(PartIndex part) const;
  /// Whether this part's header is a letter's own header: the root, and what a message/rfc822 carries.
  bool is_letter(PartIndex part) const;
  /// The part that an IMAP section number means (RFC 9051 §6.4.5); an empty path is the letter itself.
  /// Nothing when there is none.
  std::optional<PartIndex> find_section(std::span<const std::uint32_t> path) const;
  /// The way back. A multipart letter has no number of its own: the root's path is empty, another's is its
  /// carrier's.
  std::vector<std::uint32_t> section_of(PartIndex part) const;
};

/// Is told of each part while its bytes pass by, so that one pass serves everybody who needs the letter's
/// contents. What it sees of `structure` is unfinished: of open parts the end, the traits and the children
/// are still to come.
class PartVisitor {
 public:
  virtual ~PartVisitor() = default;
  /// The part's facts are known, its children and its end are not. `header` holds at most kMaxHeaderBytes.
  virtual void on_header(const Structure& structure, PartIndex part, std::string_view header) = 0;
  /// Bytes of a body that has no parts within, still in its transfer encoding.
  virtual void on_body(const Structure& structure, PartIndex part, std::string_view bytes) = 0;
  /// All of this part has been told, with the parts within it.
  virtual void on_end(const Structure& structure, PartIndex part) = 0;
};

class StructureParser {
 public:
  /// The visitor outlives the parser; it may be null.
  explicit StructureParser(PartVisitor* visitor = nullptr);

  void feed(std::string_view bytes);
  /// The letter has ended. The parser is spent.
  Structure finish();

 private:
  enum class State : std::uint8_t { kHeader, kBody };
  /// A part whose end is still to come.
  struct Open {
    PartIndex part;
    std::uint64_t lines_before = 0;  ///< lines_ where its body began.
    bool holds_parts = false;        ///< Its own bytes are preamble and epilogue, which nobody is shown.
  };
  struct Boundary {
    PartIndex multipart;
    std::string delimiter;  ///< With the two dashes in front.
  };

  Part& current() { return structure_.parts[open_.back().part]; }
  void scan(std::string_view window, std::uint64_t offset, bool at_end);
  void on_line(std::size_t begin, std::size_t end);
  bool on_possible_delimiter(std::string_view line, std::size_t begin, std::size_t end);
  void hold_tail(std::size_t begin);
  std::size_t match_delimiter(std::string_view line) const;

  void flush(std::size_t end);
  void hand_over(std::string_view bytes);
  void open_part(PartIndex parent, std::uint64_t offset);
  void end_header(std::size_t end, std::uint64_t body_begin);
  void begin_body();
  void close_parts_within(PartIndex multipart, std::uint64_t end, std::uint64_t lines);

  PartVisitor* visitor_;
  Structure structure_;
  std::vector<Open> open_;            ///< The root first; bytes belong to the last.
  std::vector<Boundary> boundaries_;  ///< Outermost first.
  State state_ = State::kHeader;
  std::size_t detail_bytes_ = 0;  ///< Of closed parts; see kMaxDetailBytes.

  // The window being scanned: a piece of the letter as it was fed, or a line put together from two pieces.
  std::string_view window_;
  std::uint64_t window_offset_ = 0;
  std::size_t run_ = 0;  ///< Where in the window the bytes begin that are not handed over yet.

  std::uint64_t offset_ = 0;        ///< Bytes fed.
  std::uint64_t lines_ = 0;         ///< Line ends seen.
  std::uint64_t header_lines_ = 0;  ///< lines_ where the current header began.
  std::string header_;              ///< The current header, as far as earlier windows had it.
  std::string_view
      last_line_end_;  ///< Of the line before; a delimiter that follows owns it (RFC 2046 §5.1.1).
  std::string_view
      held_line_end_;      ///< The same, when it was in an earlier window and is not handed over yet.
  std::string partial_;    ///< The start of a line that the last piece cut.
  bool mid_line_ = false;  ///< The start of this line is handed over already: it is long, and no delimiter.
  std::uint64_t mid_line_bytes_ = 0;  ///< How much of it.
};

/// A whole letter at once.
Structure parse_structure(std::string_view letter, PartVisitor* visitor = nullptr);

/// The structure as bytes, to be kept as a fact about a stored letter. The first byte is the version of the
/// form.
std::string encode_structure(const Structure& structure);
/// kCorrupt for bytes that encode_structure did not write, or that a newer version did.
Result<Structure> decode_structure(std::string_view bytes);

}  // namespace pabal::message
