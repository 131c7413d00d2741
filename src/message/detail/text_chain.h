// A text part's bytes on their way to readable UTF-8: transfer encoding, charset, and for HTML the tags taken
// off.
#pragma once

#include <string>
#include <string_view>

#include "message/charset.h"
#include "message/detail/html_text.h"
#include "message/structure.h"
#include "message/transfer_encoding.h"

namespace pabal::message::detail {

class TextChain {
 public:
  explicit TextChain(const Part& part)
      : transfer_(part.encoding),
        charset_(part.charset()),
        is_html_(part.subtype == "html" || part.subtype == "xhtml+xml") {}

  void feed(std::string_view bytes, std::string& out) {
    decoded_.clear();
    transfer_.decode(bytes, decoded_);
    pass_on(out);
  }

  void finish(std::string& out) {
    decoded_.clear();
    transfer_.finish(decoded_);
    pass_on(out);
    utf8_.clear();
    charset_.finish(utf8_);
    strip(out);
    if (is_html_) html_.finish(out);
  }

 private:
  void pass_on(std::string& out) {
    utf8_.clear();
    charset_.decode(decoded_, utf8_);
    strip(out);
  }
  void strip(std::string& out) {
    if (is_html_) {
      html_.feed(utf8_, out);
    } else {
      out.append(utf8_);
    }
  }

  TransferDecoder transfer_;
  CharsetDecoder charset_;
  HtmlText html_;
  bool is_html_;
  std::string decoded_;  ///< Kept between pieces for their memory alone.
  std::string utf8_;
};

}  // namespace pabal::message::detail
