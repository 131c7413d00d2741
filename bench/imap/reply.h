// What a server said to one command, counted while it arrives: client and server share the processors, so the
// client looks at no more than it must to know that the answer is whole and right.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pabal::bench {

/// The answer to one command, from its first untagged response to the tagged one.
struct Reply {
  struct Kind {
    std::string name;         // "FETCH", "EXISTS", "SEARCH"
    std::uint64_t count = 0;  // responses
    std::uint64_t sum = 0;    // of the numbers before the name: 1 to n add up to n(n+1)/2
    std::uint64_t last = 0;   // the last of them
  };

  std::vector<Kind> kinds;
  std::uint64_t bytes = 0;          // all of it
  std::uint64_t literal_bytes = 0;  // of it, in literals
  std::uint64_t numbers = 0;        // in SEARCH, SORT and THREAD responses
  std::uint64_t digest = 0;         // of those responses
  std::string tagged;               // "OK [READ-WRITE] done", or what came instead: the greeting, "+ idling"

  bool ok() const { return tagged.starts_with("OK"); }
  const Kind* find(std::string_view name) const;
};

/// Takes bytes as they come. One reply at a time: commands are not pipelined.
class ReplyScanner {
 public:
  /// What ends the next reply: a greeting, a tag, or a continuation line too.
  void expect_greeting() { expect("*"); }
  void expect(std::string_view tag);

  /// Room for at least `size` bytes more; fill it and say how many came.
  char* room(std::size_t size);
  std::size_t room_left() const { return buffer_.size() - filled_; }
  /// True once the reply is whole, or a line that begins with "+" came; it is in reply() then.
  bool received(std::size_t size);
  Reply& reply() { return reply_; }
  bool continues() const { return continues_; }

 private:
  bool scan();
  bool take_line(std::string_view line);
  void take_untagged(std::string_view line);
  Reply::Kind& kind(std::string_view name);

  std::string tag_;
  Reply reply_;
  std::string buffer_;
  std::size_t begin_ = 0;    // of the line that is not taken yet
  std::size_t scanned_ = 0;  // no line end before this
  std::size_t filled_ = 0;
  std::uint64_t literal_left_ = 0;
  bool inside_ = false;  // the line goes on a response, after a literal
  bool continues_ = false;
};

}  // namespace pabal::bench
