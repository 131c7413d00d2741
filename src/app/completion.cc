// Completion asks the program itself, so a shell always knows exactly the commands that are there.
#include "app/command_line.h"

namespace pabal::app {
namespace {

constexpr std::string_view kBash = R"SH(# pabal completion for bash: eval "$(pabal completion bash)"
_pabal() {
  local IFS=$'\n' words=("${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=($("${COMP_WORDS[0]}" complete-words -- "${words[@]}" 2>/dev/null))
  if [ "${COMPREPLY[0]}" = ':files' ]; then
    compopt -o filenames
    COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
  fi
}
complete -F _pabal pabal
)SH";

constexpr std::string_view kZsh = R"SH(#compdef pabal
# pabal completion for zsh: eval "$(pabal completion zsh)"
_pabal() {
  local -a offers
  offers=("${(@f)$("${words[1]}" complete-words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "${offers[1]}" = ':files' ]]; then
    _files
  else
    compadd -a offers
  fi
}
compdef _pabal pabal
)SH";

constexpr std::string_view kFish = R"SH(# pabal completion for fish: pabal completion fish | source
function __pabal_complete
  set -l words (commandline -opc)[2..-1] (commandline -ct)
  set -l offers (pabal complete-words -- $words 2>/dev/null)
  if test "$offers[1]" = ':files'
    __fish_complete_path (commandline -ct)
  else
    printf '%s\n' $offers
  end
end
complete -c pabal -f -a '(__pabal_complete)'
)SH";

}  // namespace

Result<std::string> completion_script(std::string_view shell) {
  if (shell == "bash") return std::string(kBash);
  if (shell == "zsh") return std::string(kZsh);
  if (shell == "fish") return std::string(kFish);
  return fail(ErrorKind::kRefuse, "completion is there for bash, zsh and fish");
}

}  // namespace pabal::app
