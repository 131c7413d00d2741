// Plays a dialogue file against a server in memory: see README.md for how they are written. A protocol says
// how it serves a connection, and adds the words that only its own dialogues use.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/connection.h"
#include "net/endpoint.h"
#include "net/scope.h"
#include "net/testing.h"

namespace pabal::dialogue {

/// Owned by the test, which fails where the dialogue goes another way. Its server outlives it.
class Player {
 public:
  using Serve = std::function<net::Task<void>(std::unique_ptr<net::Connection>)>;
  using Words = std::map<std::string, std::function<void(const std::string& rest)>>;
  using Options = std::map<std::string, std::function<void()>>;

  /// `words` by the first word of a line; `options` by what follows `set`.
  Player(net::SimulatedLoop& sim, Serve serve, Words words, Options options);
  ~Player();
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

  void play(const std::filesystem::path& script);
  /// The same, with every byte arriving alone.
  void play_byte_by_byte(const std::filesystem::path& script);

  // For words: all of them act as the client that speaks just now.

  void send(const std::string& bytes);
  /// "(closed)" and "(silence)" if nothing comes.
  std::string next_line();
  /// `pattern` as in a file: `...` and escapes.
  void expect(const std::string& pattern);
  /// Takes lines up to one that fits; each of those before it fits `others`.
  void expect_up_to(const std::string& pattern, const std::string& others = "...");
  /// Lets so many seconds pass.
  void wait(long seconds);
  /// Where clients come from that connect after this.
  void set_peer(const net::Endpoint& peer) { peer_ = peer; }

 private:
  struct Client {
    std::unique_ptr<net::Stream> stream;
    std::string input;
  };

  void obey(const std::string& line);
  void connect(const std::string& name);
  Client& client();

  net::SimulatedLoop& sim_;
  Serve serve_;
  Words words_;
  net::Scope sessions_;
  net::Endpoint peer_ = net::TcpEndpoint{net::IpAddress::loopback_v4(), 40000};
  std::size_t max_read_bytes_ = SIZE_MAX;
  std::map<std::string, Client> clients_;
  std::string current_;
};

/// \r \n \\ and \x41.
std::string unescaped(std::string_view text);

/// tests/dialogue/FOLDER/*.txt
std::vector<std::filesystem::path> scripts_in(const std::string& folder);

}  // namespace pabal::dialogue
