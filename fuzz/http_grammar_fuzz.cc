// What stands in a request's fields: credentials, cookies, ranges, chunks, percent signs. What is read holds
// what its reader promises.
#include <string_view>

#include "base/check.h"
#include "base/utf8.h"
#include "http/credentials.h"
#include "http/grammar/chunked.h"
#include "http/grammar/request_head.h"
#include "http/range.h"

using namespace pabal;

namespace {

void check_head(std::string_view text) {
  std::size_t searched = 0;
  const auto end = http::find_head_end(text, searched);
  if (!end) return;
  PABAL_CHECK(*end <= text.size());
  const auto head = http::parse_request_head(text.substr(0, *end), {});
  if (!head) return;
  const http::Request& request = head->request;
  PABAL_CHECK(!(head->chunked && request.content_length));
  PABAL_CHECK(request.fields.count("host") <= 1);
  for (std::size_t i = 0; i < request.fields.size(); ++i) {
    PABAL_CHECK(http::is_token(request.fields[i].name) && http::is_field_value(request.fields[i].value));
  }
}

void check_chunks(std::string_view text) {
  // However the bytes are cut, the same comes out.
  std::string whole, apart;
  const auto decode = [&](std::string& out, std::size_t piece) {
    http::ChunkedDecoder decoder;
    for (std::size_t at = 0; at < text.size() && !decoder.done();) {
      const auto step = decoder.next(text.substr(at, piece));
      if (!step) {
        out += '!';
        return;
      }
      PABAL_CHECK(step->consumed > 0);
      out += step->data;
      at += step->consumed;
    }
  };
  decode(whole, text.size());
  decode(apart, 1);
  PABAL_CHECK(whole == apart);
}

void check_fields(std::string_view text) {
  const http::Request request{.target = "/?" + std::string(text),
                              .fields = {{"authorization", text}, {"range", text}, {"if-none-match", text}}};
  const auto shown = http::shown_credentials(request, "session");
  if (const auto* basic = std::get_if<http::BasicCredentials>(&shown))
    PABAL_CHECK(is_utf8(basic->name) && is_utf8(basic->password.reveal()));
  for (const std::uint64_t whole : {std::uint64_t{0}, std::uint64_t{100}, UINT64_MAX}) {
    const http::Slice slice = http::choose_slice(request, whole, "\"tag\"");
    PABAL_CHECK(slice.first <= whole && slice.size <= whole - slice.first);
    http::Fields fields;
    slice.describe(whole, fields);
  }
  std::ignore = http::has_already(request, "\"tag\"");
  std::ignore = request.query_parameter("a");
  std::ignore = http::find_cookie(http::Request{.fields = {{"cookie", text}}}, "session");
  if (const auto decoded = http::percent_decode(text)) {
    PABAL_CHECK(decoded->size() <= text.size());
    PABAL_CHECK(http::percent_decode(http::percent_encode(*decoded)) == *decoded);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_head(text);
  check_chunks(text);
  if (text.find('\0') == text.npos) check_fields(text);
  return 0;
}
