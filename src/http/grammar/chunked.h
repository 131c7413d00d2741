// Chunked bodies (RFC 9112 §7.1), piece by piece. Chunk extensions and trailer fields are read over: nothing
// here knows any, and a proxy in front may think otherwise about them. Pure.
//
//     *( 1*HEXDIG [ chunk-ext ] CRLF data CRLF ) 1*"0" [ chunk-ext ] CRLF *( trailer CRLF ) CRLF
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pabal::http {

class ChunkedDecoder {
 public:
  /// A size with its extensions; and all trailers together. More than anybody sends who means well.
  static constexpr std::size_t kMaxLineBytes = 256;
  static constexpr std::size_t kMaxTrailerBytes = 8 * 1024;

  struct Step {
    std::size_t consumed = 0;
    std::string_view data = {};  ///< within what was consumed
  };

  /// Goes on to the end of `bytes`, of a piece of data, or of the body. Nothing for bytes that are not this
  /// grammar; nobody knows then where the next request begins.
  std::optional<Step> next(std::string_view bytes);
  bool done() const { return state_ == State::kDone; }

 private:
  enum class State : std::uint8_t {
    kSize,
    kExtension,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailerStart,
    kTrailer,
    kTrailerLf,
    kLastLf,
    kDone
  };
  bool take(char c);
  bool take_size(char c);
  void begin_line(State state);

  State state_ = State::kSize;
  std::uint64_t left_ = 0;  // of the chunk's data
  std::size_t digits_ = 0;
  std::size_t line_bytes_ = 0;
};

}  // namespace pabal::http
