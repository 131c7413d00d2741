// The header of a letter or of one of its parts, as fields over the bytes that it stands in: nothing is
// copied, and nothing fails. What is no field (an mbox `From ` line, a line without a colon) is stepped
// over; its bytes stay where they are.
//
// Lines end in CRLF or in a bare LF, because letters from files have those. A bare CR is a character of its
// line.
//
// Pure functions; any thread. Views are into the block that the caller keeps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pabal::message {

/// How much of one header is looked at. Servers take 100 to 200 KiB at most; fields behind it stay unread.
inline constexpr std::size_t kMaxHeaderBytes = 256 * 1024;

/// One field (RFC 5322 §2.2). `value` is all behind the colon without the last line end, its folds still in
/// it.
struct Field {
  std::string_view name;
  std::string_view value;
  std::size_t begin = 0;  ///< Where the name begins in the block.
  std::size_t end = 0;    ///< Behind the line end of the last line.

  bool is(std::string_view wanted) const;  ///< Names have no case (RFC 5322 §1.2.2).
};

/// Walks a header block up to its empty line or its end.
class FieldReader {
 public:
  explicit FieldReader(std::string_view block) : block_(block) {}
  std::optional<Field> next();

 private:
  std::string_view block_;
  std::size_t position_ = 0;
};

/// The first field of this name; nothing when there is none.
std::optional<Field> find_field(std::string_view block, std::string_view name);

/// Takes out the line ends of folds (RFC 5322 §2.2.3) and the blanks around the whole; a fold's own blank
/// stays.
std::string unfold(std::string_view value);

/// How many bytes at the front are header, the empty line with them. All of `letter` when no empty line
/// comes; none when the letter begins with text at once, as it does when a person types it by hand.
std::size_t header_size(std::string_view letter);

/// Takes the header off a letter that streams in, so that fields can be added and taken out before anything
/// is stored. Belongs to one thread at a time.
///
///     while (!collector.complete()) collector.feed(next piece);
///     write(new fields, collector.header(), collector.rest(), and then the pieces that follow)
class HeaderCollector {
 public:
  /// Takes all of `bytes`, unless the header is complete.
  void feed(std::string_view bytes);
  /// The letter has ended: what there is, is the header.
  void finish();

  /// The header's end has been found, or it is longer than kMaxHeaderBytes.
  bool complete() const { return complete_; }
  bool over_limit() const { return over_limit_; }
  /// The empty line with it; empty for a letter that begins with text at once (header_size).
  std::string_view header() const { return std::string_view(bytes_).substr(0, header_size_); }
  /// What was fed behind it.
  std::string_view rest() const { return std::string_view(bytes_).substr(header_size_); }

 private:
  void end_at(std::size_t size);

  std::string bytes_;
  std::size_t line_begin_ = 0;
  std::size_t searched_ = 0;  ///< No line end before this.
  std::size_t header_size_ = 0;
  bool complete_ = false;
  bool over_limit_ = false;
};

/// Whether a line may open a header: a field, a fold, or what mbox files put there. Only the first line
/// of a header is asked; later lines that are no field are stepped over, since more letters have one
/// broken field than have text right behind a header.
bool may_begin_header(std::string_view line);

/// A copy of a header block without the fields of these names (submission takes out Bcc). All else byte for
/// byte.
std::string without_fields(std::string_view block, std::initializer_list<std::string_view> names);

}  // namespace pabal::message
