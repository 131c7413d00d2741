// imap_load LOAD [--port N] [--tls] ...: an IMAP client that measures; bench/imap/run drives it.
#include <charconv>
#include <cstdio>

#include "loads.h"

namespace pabal::bench {
namespace {

struct Load {
  std::string_view name;
  void (*run)(const Options&);
};

constexpr Load kLoads[] = {{"talk", talk},     {"fill", fill}, {"append", append}, {"mix", mix},
                           {"logins", logins}, {"idle", idle}, {"facts", facts}};

template <typename Number>
void read_number(std::string_view text, Number& to) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
  if (error != std::errc() || end != text.data() + text.size()) die(fmt::format("'{}' is no number", text));
}

void read_option(std::string_view name, std::string_view value, Options& options) {
  const std::pair<std::string_view, std::string*> texts[] = {{"--user", &options.user},
                                                             {"--domain", &options.domain},
                                                             {"--password", &options.password},
                                                             {"--folder", &options.folder}};
  const std::pair<std::string_view, std::uint32_t*> counts[] = {
      {"--clients", &options.clients}, {"--users", &options.users}, {"--letters", &options.letters},
      {"--first", &options.first},     {"--count", &options.count}, {"--batch", &options.batch},
      {"--salt", &options.salt}};
  for (const auto& [known, to] : texts)
    if (name == known) return void(*to = value);
  for (const auto& [known, to] : counts)
    if (name == known) return read_number(value, *to);
  if (name == "--port") return read_number(value, options.server.port);
  if (name == "--seconds") return read_number(value, options.seconds);
  die(fmt::format("what is {}?", name));
}

int run(std::span<char* const> arguments) {
  if (arguments.size() < 2) die("which load? talk, fill, append, mix, logins, idle, facts");
  Options options;
  for (std::size_t i = 2; i < arguments.size(); ++i) {
    const std::string_view name = arguments[i];
    if (name == "--tls") {
      options.server.tls = true;
    } else {
      if (++i == arguments.size()) die(fmt::format("{} wants a value", name));
      read_option(name, arguments[i], options);
    }
  }
  const auto load = std::ranges::find(kLoads, std::string_view(arguments[1]), &Load::name);
  if (load == std::end(kLoads)) die(fmt::format("there is no load {}", arguments[1]));
  load->run(options);
  return 0;
}

}  // namespace
}  // namespace pabal::bench

int main(int argc, char** argv) { return pabal::bench::run(std::span(argv, static_cast<std::size_t>(argc))); }
