# Writes what `seki version` says of where it was built from: run at each build, and only changes the file when that is
# something else. Without git, or outside of a clone, there is nothing to say.
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=10 --exclude=*
                OUTPUT_VARIABLE COMMIT ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
file(CONFIGURE OUTPUT ${TARGET} CONTENT "#include \"commit.h\"

namespace seki {
const char* const commit = \"@COMMIT@\";
}
" @ONLY)
