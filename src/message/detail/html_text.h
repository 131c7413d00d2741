// HTML as plain text, for previews and search: tags fall away, scripts and styles with what is in them,
// entities become characters, blocks become lines. It reads what browsers read, keeps a tag's name and an
// entity at most, and never looks back, so that work and memory stay bounded for any input.
#pragma once

#include <string>
#include <string_view>

namespace pabal::message::detail {

class HtmlText {
 public:
  /// `html` is UTF-8, cut anywhere.
  void feed(std::string_view html, std::string& out);
  void finish(std::string& out);

 private:
  enum class State : unsigned char {
    kText,
    kEntity,
    kTagOpen,  ///< Behind `<`.
    kTagName,
    kTag,    ///< Within a tag, behind its name.
    kValue,  ///< Behind `=`, where a quote opens a value.
    kQuoted,
    kMarkup,  ///< `<!` or `<?`, up to `>`.
    kComment,
  };

  std::size_t feed_text(std::string_view rest, std::string& out);
  void feed_char(char c, std::string& out);
  void end_tag(std::string& out);
  void end_entity(bool terminated, std::string& out);
  void put(std::string_view text, std::string& out);

  State state_ = State::kText;
  std::string name_;     ///< Of the tag or the entity being read.
  std::string skipped_;  ///< The element whose content is no text; empty for none.
  char quote_ = 0;
  int dashes_ = 0;  ///< At the end of what was read of a comment.
  bool pending_space_ = false;
  bool pending_line_ = false;
  bool any_ = false;  ///< Something was written.
};

}  // namespace pabal::message::detail
