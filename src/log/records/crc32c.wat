;; Folds a message for CRC-32C, block by block of 16 bytes. Modulo the Castagnoli polynomial
;;   x^(128*209) = x^(128*144) + x^(128*54) + x^(128*39) + x^(128*14) + 1,
;; so a block has the same worth when it is added (xor) to those 65, 155, 170, 195 and 209 blocks
;; later instead. What is left in the end are the last 209 blocks: 3,344 bytes.
;;
;; `crc32c.ts` holds this module assembled: wat2wasm crc32c.wat && base64 -w0 crc32c.wasm
(module
  (memory (export "memory") 1)
  ;; Adds all blocks before the byte `end` to later ones and moves the 209 that follow to byte 0.
  (func (export "fold") (param $end i32)
    (local $at i32)
    (local $block v128)
    (loop $next
      (local.set $block (v128.load (local.get $at)))
      (v128.store offset=1040 (local.get $at)
        (v128.xor (local.get $block) (v128.load offset=1040 (local.get $at))))
      (v128.store offset=2480 (local.get $at)
        (v128.xor (local.get $block) (v128.load offset=2480 (local.get $at))))
      (v128.store offset=2720 (local.get $at)
        (v128.xor (local.get $block) (v128.load offset=2720 (local.get $at))))
      (v128.store offset=3120 (local.get $at)
        (v128.xor (local.get $block) (v128.load offset=3120 (local.get $at))))
      (v128.store offset=3344 (local.get $at)
        (v128.xor (local.get $block) (v128.load offset=3344 (local.get $at))))
      (br_if $next
        (i32.lt_u
          (local.tee $at (i32.add (local.get $at) (i32.const 16)))
          (local.get $end))))
    (memory.copy (i32.const 0) (local.get $end) (i32.const 3344))))
