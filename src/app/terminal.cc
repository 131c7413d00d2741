#include "app/terminal.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "account/password.h"

namespace pabal::app {
namespace {

constexpr char kCtrlC = 3;
constexpr char kCtrlD = 4;

// The terminal itself, even if standard input is something else. While it lives nothing is echoed, and Ctrl-C
// is a sign like others: a signal would end us with the echo still off.
class QuietTerminal {
 public:
  QuietTerminal() : descriptor_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (descriptor_ < 0 || ::tcgetattr(descriptor_, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG | ICANON);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    changed_ = ::tcsetattr(descriptor_, TCSAFLUSH, &quiet) == 0;
  }
  ~QuietTerminal() {
    if (changed_) ::tcsetattr(descriptor_, TCSAFLUSH, &before_);
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;

  bool ready() const { return changed_; }
  void print(std::string_view text) const {
    // A terminal that can't be written to is gone; the read that follows tells.
    [[maybe_unused]] const auto written = ::write(descriptor_, text.data(), text.size());
  }

  Result<Secret> read_line() const {
    std::string typed;
    typed.reserve(account::kMaxPasswordBytes + 1);  // growing would leave copies behind
    for (;;) {
      char c = 0;
      if (::read(descriptor_, &c, 1) != 1) return give_up(typed);
      if (c == kCtrlC || (c == kCtrlD && typed.empty())) return give_up(typed);
      if (c == '\n' || c == '\r') return Secret::taken_from(typed);
      if (c == before_.c_cc[VERASE] || c == '\b')
        erase_last(typed);
      else if (c == before_.c_cc[VKILL])
        wipe(typed);
      else if (typed.size() < account::kMaxPasswordBytes)
        typed += c;
    }
  }

 private:
  static std::unexpected<Error> give_up(std::string& typed) {
    wipe(typed);
    return fail(ErrorKind::kCancelled, "no password was given");
  }
  // One character, which may be several bytes of UTF-8.
  static void erase_last(std::string& typed) {
    while (!typed.empty()) {
      const auto last = static_cast<unsigned char>(typed.back());
      typed.pop_back();
      if ((last & 0xc0) != 0x80) return;
    }
  }

  int descriptor_;
  termios before_{};
  bool changed_ = false;
};

}  // namespace

bool has_terminal() { return ::isatty(STDIN_FILENO) == 1; }

Result<Secret> ask_new_password(std::string_view what_for) {
  const QuietTerminal terminal;
  if (!terminal.ready()) return fail(ErrorKind::kRefuse, "there is no terminal to ask on");
  terminal.print(fmt::format("New password for {}: ", what_for));
  Result<Secret> first = terminal.read_line();
  terminal.print("\n");
  if (!first) return first;
  terminal.print("The same again: ");
  Result<Secret> second = terminal.read_line();
  terminal.print("\n");
  if (!second) return second;
  if (!(*first == *second)) return fail(ErrorKind::kRefuse, "the two passwords differ; nothing was changed");
  return first;
}

Result<Secret> read_password_from_stdin() {
  std::string line;
  line.reserve(account::kMaxPasswordBytes + 1);  // growing would leave copies behind
  char c = 0;
  while (::read(STDIN_FILENO, &c, 1) == 1 && c != '\n') {
    line += c;
    if (line.size() > account::kMaxPasswordBytes) {
      wipe(line);
      return fail(ErrorKind::kRefuse, "the password on standard input is longer than {} bytes",
                  account::kMaxPasswordBytes);
    }
  }
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty()) return fail(ErrorKind::kRefuse, "standard input held no password");
  return Secret::taken_from(line);
}

}  // namespace pabal::app
