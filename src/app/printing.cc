#include "app/printing.h"

#include <unistd.h>

#include <cstdio>

#include "app/output.h"
#include "base/encoding.h"
#include "base/utf8.h"

namespace pabal::app {
namespace {

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }
void print_line(std::string_view text) {
  print(text);
  print("\n");
}

}  // namespace

net::Task<Result<void>> Printer::item(Json item) {
  if (row_.show.shape == Show::Shape::kStream)
    print_streamed(item);
  else if (json_)
    print_item(item);
  else if (row_.show.shape == Show::Shape::kBytes)
    print_bytes(item);
  else
    items_.push_back(std::move(item));
  co_return Result<void>();
}

net::Task<Result<void>> Printer::flush() {
  std::fflush(stdout);
  co_return Result<void>();
}

net::Task<Result<void>> Printer::progress(std::string text) {
  if (!text.empty() && !json_ && ::isatty(STDERR_FILENO) == 1) std::fprintf(stderr, "%s\n", text.c_str());
  co_return Result<void>();
}

void Printer::print_bytes(const Json& item) {
  const Json* piece = item.find("base64");
  if (!piece || !piece->as_text()) return;
  if (const auto bytes = from_base64(*piece->as_text())) print(*bytes);
}

void Printer::print_item(const Json& item) {
  print(printed_++ == 0 ? "[" : ",\n ");
  print(item.to_text());
}

// At once: whoever looks on, or reads from a pipe, does not wait for a buffer to fill.
void Printer::print_streamed(const Json& item) const {
  const Json* const text = item.find("text");
  if (json_)
    print_line(item.to_text());
  else if (text && text->as_text())
    print(*text->as_text());
  std::fflush(stdout);
}

void Printer::print_result(const Json& result) {
  if (row_.show.shape == Show::Shape::kStream) return;  // its items were all there is
  if (!json_) return print_for_people(result);
  if (row_.show.shape == Show::Shape::kTable || row_.show.shape == Show::Shape::kBytes) {
    print_line(printed_ == 0 ? "[]" : "]");
  } else if (row_.show.shape == Show::Shape::kText && result.as_text()) {
    print_line(Json::object({{"text", result}}).to_text());
  } else {
    print_line(result.to_text());
  }
}

void Printer::print_for_people(const Json& result) {
  switch (row_.show.shape) {
    case Show::Shape::kSentence:
      print_line(fill_in(row_.show.sentence, result));
      break;
    case Show::Shape::kDetails:
      print(render_details(row_.show.columns, result));
      break;
    case Show::Shape::kTable:
      if (items_.empty())
        print_line(row_.show.sentence);
      else
        print(render_table(row_.show.columns, items_));
      break;
    case Show::Shape::kText: {
      const Json* const member = result.find("text");
      if (const std::string* const text = member ? member->as_text() : result.as_text()) print(*text);
      break;
    }
    case Show::Shape::kStream:
    case Show::Shape::kBytes:
      break;  // its items were all there is
  }
  // Whatever method makes a password shows it here, and nowhere else.
  if (const Json* password = result.find("password"); password && password->as_text()) {
    print_line(fmt::format("\n    {}\n\nThis is the password; it is not shown again.", *password->as_text()));
  }
}

ExitCode print_error(ExitCode code, const Error& error, bool json) {
  std::string text;
  if (json) {
    const Json fields =
        Json::object({{"kind", to_string(error.kind)}, {"message", repair_utf8(error.detail)}});
    text = Json::object({{"error", fields}}).to_text();
  } else {
    text = fmt::format("pabal: {}", to_cell(Json(error.detail)));
  }
  std::fflush(stdout);
  std::fprintf(stderr, "%s\n", text.c_str());
  return code;
}

ExitCode print_error(const Error& error, bool json) {
  return print_error(exit_code_for(error.kind), error, json);
}

ExitCode print_faults(const ConfigFaults& faults, bool json) {
  if (!json) {
    std::fprintf(stderr, "%s", to_string(faults).c_str());
    return ExitCode::kConfig;
  }
  Json list = Json::array();
  for (const ConfigFault& fault : faults) {
    list.push(Json::object({{"file", fault.file},
                            {"line", fault.line},
                            {"column", fault.column},
                            {"key", fault.key},
                            {"message", repair_utf8(fault.message)}}));
  }
  std::fprintf(stderr, "%s\n", Json::object({{"faults", std::move(list)}}).to_text().c_str());
  return ExitCode::kConfig;
}

}  // namespace pabal::app
