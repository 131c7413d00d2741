// Any bytes in any transfer encoding: decoding does not depend on how they are cut, and what is encoded
// decodes to the same.
#include <string>
#include <string_view>

#include "base/check.h"
#include "message/charset.h"
#include "message/detail/html_text.h"
#include "message/transfer_encoding.h"

using namespace pabal::message;

namespace {

template <class Coder, class Feed>
std::string run(Coder coder, std::string_view text, std::size_t piece, Feed&& feed) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += piece) feed(coder, text.substr(at, piece), out);
  coder.finish(out);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t piece = data[0] % 31 + 1;
  const auto decode = [](auto& coder, std::string_view in, std::string& out) { coder.decode(in, out); };
  const auto encode = [](auto& coder, std::string_view in, std::string& out) { coder.encode(in, out); };
  const auto feed = [](auto& coder, std::string_view in, std::string& out) { coder.feed(in, out); };
  for (const auto encoding :
       {TransferEncoding::kBase64, TransferEncoding::kQuotedPrintable, TransferEncoding::kUuencode}) {
    PABAL_CHECK(run(TransferDecoder(encoding), text, piece, decode) == decode_transfer(text, encoding));
  }
  PABAL_CHECK(decode_transfer(run(Base64Encoder(), text, piece, encode), TransferEncoding::kBase64) == text);
  const auto kBytes = QuotedPrintableEncoder::Kind::kBytes;
  PABAL_CHECK(decode_transfer(run(QuotedPrintableEncoder(kBytes), text, piece, encode),
                              TransferEncoding::kQuotedPrintable) == text);
  const auto kText = QuotedPrintableEncoder::Kind::kText;
  PABAL_CHECK(run(QuotedPrintableEncoder(kText), text, piece, encode) ==
              run(QuotedPrintableEncoder(kText), text, size, encode));
  const std::string utf8 = to_utf8(text, "utf-8");
  PABAL_CHECK(run(detail::HtmlText(), utf8, piece, feed) ==
              run(detail::HtmlText(), utf8, utf8.size() + 1, feed));
  return 0;
}
