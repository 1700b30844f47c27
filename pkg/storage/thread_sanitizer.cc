// Debian's libleveldb.so is not built for ThreadSanitizer, which therefore does not see the atomic
// pointers by which LevelDB's memtable hands rows from its writer to its readers, only the memcpy
// and memcmp around them, and takes them for races. With this option it leaves out what such
// libraries read and write, but goes on to see their locks. All of ours is still watched.
#if defined(__SANITIZE_THREAD__)
extern "C" const char* __tsan_default_options();
extern "C" const char* __tsan_default_options() { return "ignore_noninstrumented_modules=1"; }
#endif
