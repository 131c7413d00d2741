#include "dialogue/player.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "net/memory_stream.h"

namespace pabal::dialogue {
namespace {

constexpr std::chrono::seconds kSilence{100};

bool fits(std::string_view text, std::string_view pattern) {
  constexpr std::string_view kAnything = "...";
  const std::size_t gap = pattern.find(kAnything);
  if (gap == std::string_view::npos) return text == pattern;
  if (!text.starts_with(pattern.substr(0, gap))) return false;
  pattern.remove_prefix(gap + kAnything.size());
  for (text.remove_prefix(gap);; text.remove_prefix(1)) {
    if (fits(text, pattern)) return true;
    if (text.empty()) return false;
  }
}

}  // namespace

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char kind = text[++i];
    if (kind == 'r') out += '\r';
    if (kind == 'n') out += '\n';
    if (kind == '\\') out += '\\';
    if (kind == 'x') {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    }
  }
  return out;
}

std::vector<std::filesystem::path> scripts_in(const std::string& folder) {
  std::vector<std::filesystem::path> out;
  for (const auto& entry :
       std::filesystem::directory_iterator(PABAL_SOURCE_DIR "/tests/dialogue/" + folder)) {
    if (entry.path().extension() == ".txt") out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

Player::Player(net::SimulatedLoop& sim, Serve serve, Words words, Options options)
    : sim_(sim), serve_(std::move(serve)), words_(std::move(words)), sessions_(sim.loop()) {
  words_.insert({
      {"C:", [this](const auto& rest) { send(rest + "\r\n"); }},
      {"C>", [this](const auto& rest) { send(unescaped(rest)); }},
      {"S:", [this](const auto& rest) { expect(rest); }},
      {"until", [this](const auto& rest) { expect_up_to(rest); }},
      {"client", [this](const auto& rest) { connect(rest); }},
      {"leaves", [this](const auto&) { client().stream->close(); }},
      {"wait", [this](const auto& rest) { wait(std::stol(rest)); }},
      {"set",
       [options = std::move(options)](const auto& rest) {
         const auto option = options.find(rest);
         ASSERT_NE(option, options.end()) << "no such option";
         option->second();
       }},
  });
}

Player::~Player() {
  sessions_.cancel();
  clients_.clear();
  sim_.run_until_done(sessions_.join());
}

void Player::play(const std::filesystem::path& script) {
  std::ifstream file(script);
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    obey(line);
    if (testing::Test::HasFatalFailure()) FAIL() << "line " << number << ": " << line;
  }
}

void Player::play_byte_by_byte(const std::filesystem::path& script) {
  max_read_bytes_ = 1;
  play(script);
}

void Player::obey(const std::string& line) {
  const std::size_t space = std::min(line.find(' '), line.size());
  const auto word = words_.find(line.substr(0, space));
  ASSERT_NE(word, words_.end()) << "not understood";
  word->second(line.substr(std::min(space + 1, line.size())));
}

void Player::connect(const std::string& name) {
  current_ = name;
  if (clients_.contains(name)) return;
  net::MemoryStreamOptions streams;
  streams.max_read_bytes = max_read_bytes_;
  streams.second = peer_;
  auto [ours, theirs] = net::make_memory_streams(streams);
  clients_[name].stream = std::move(theirs);
  sessions_.spawn(serve_(std::make_unique<net::Connection>(sim_.loop(), std::move(ours))));
  if (name != "early") sim_.settle();
}

Player::Client& Player::client() {
  if (current_.empty()) connect("one");
  return clients_.at(current_);
}

void Player::send(const std::string& bytes) {
  Client& to = client();
  const std::string_view pieces[] = {bytes};
  ASSERT_TRUE(sim_.run_until_done(to.stream->write_all(pieces, sim_.loop().in(std::chrono::hours(1)))));
  sim_.settle();
}

std::string Player::next_line() {
  Client& from = client();
  for (;;) {
    const std::size_t end = from.input.find("\r\n");
    if (end != std::string::npos) {
      std::string line = from.input.substr(0, end);
      from.input.erase(0, end + 2);
      return line;
    }
    std::string buffer(4096, '\0');
    const auto size = sim_.run_until_done(from.stream->read_some(buffer, sim_.loop().in(kSilence)));
    if (!size) return size.error().kind == ErrorKind::kDeadline ? "(silence)" : "(closed)";
    if (*size == 0) return "(closed)";
    from.input += buffer.substr(0, *size);
  }
}

void Player::expect(const std::string& pattern) {
  const std::string line = next_line();
  ASSERT_TRUE(fits(line, unescaped(pattern))) << "the server said: " << line;
}

void Player::expect_up_to(const std::string& pattern, const std::string& others) {
  const std::string last = unescaped(pattern);
  for (std::string line = next_line(); !fits(line, last); line = next_line()) {
    ASSERT_TRUE(fits(line, unescaped(others)) && line != "(closed)" && line != "(silence)")
        << "the server said: " << line;
  }
}

void Player::wait(long seconds) {
  sim_.run_until_done([](net::Deadline until) -> net::Task<void> {
    std::ignore = co_await net::sleep_until(until);
  }(sim_.loop().in(std::chrono::seconds(seconds))));
  sim_.settle();
}

}  // namespace pabal::dialogue
