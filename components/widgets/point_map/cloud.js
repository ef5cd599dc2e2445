/* Many points, drawn by the graphics card; on a plain canvas where there is none. */

const VERTEX = `
attribute vec2 at; attribute vec4 colour;
uniform vec2 middle, unit; uniform float size; varying vec4 ink;
void main() {
  gl_Position = vec4((at - middle) * unit, 0.0, 1.0);
  gl_PointSize = size; ink = colour;
}`;
const FRAGMENT = `
precision highp float; varying vec4 ink; uniform float size;
void main() {
  float edge = 0.5 - distance(gl_PointCoord, vec2(0.5));
  float there = clamp(edge * size, 0.0, 1.0) * ink.a;
  gl_FragColor = vec4(ink.rgb * there, there);
}`;

function program(gl) {
  const made = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  return made;
}

export class Cloud {
  constructor(canvas) {
    this.canvas = canvas;
    this.begin();
    // A browser may take the card away, and give it back.
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => { this.begin(); this.again?.(); });
  }

  begin() {
    const gl = this.gl = this.canvas.getContext("webgl", { premultipliedAlpha: true });
    if (!gl) return;
    this.program = program(gl);
    gl.useProgram(this.program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.buffers = ["at", "colour"].map((name) => {
      const place = gl.getAttribLocation(this.program, name), buffer = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(place);
      if (name === "at") gl.vertexAttribPointer(place, 2, gl.FLOAT, false, 0, 0);
      else gl.vertexAttribPointer(place, 4, gl.UNSIGNED_BYTE, true, 0, 0);
      return buffer;
    });
    if (this.points) this.set(this.points, this.colours);
  }

  /* `points` as x, y, x, y, ..., `colours` as red, green, blue and opacity from 0 to 255. */
  set(points, colours) {
    Object.assign(this, { points, colours });
    const { gl } = this;
    for (const [place, array] of gl ? [points, colours].entries() : []) {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[place]);
      gl.bufferData(gl.ARRAY_BUFFER, array, gl.STATIC_DRAW);
    }
  }

  draw(view, size, ratio) {
    const { canvas, gl, points } = this;
    const [width, height] = [view.width, view.height].map((each) => Math.round(each * ratio));
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    if (!gl) return this.plainly(view, size, ratio);
    const uniform = (name) => gl.getUniformLocation(this.program, name);
    gl.viewport(0, 0, width, height);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform2f(uniform("middle"), view.x, view.y);
    gl.uniform2f(uniform("unit"), 2 * view.unit / view.width, 2 * view.unit / view.height);
    gl.uniform1f(uniform("size"), size * ratio);
    gl.drawArrays(gl.POINTS, 0, points.length / 2);
  }

  /* Milliseconds that one picture takes, waited for: software that stands for a card takes long. */
  timed(...how) {
    const began = performance.now();
    this.draw(...how);
    this.gl?.readPixels(0, 0, 1, 1, this.gl.RGBA, this.gl.UNSIGNED_BYTE, new Uint8Array(4));
    return performance.now() - began;
  }

  plainly(view, size, ratio) {
    const { canvas, points, colours } = this, context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    for (let i = 0; i < points.length / 2; i++) {
      const [r, g, b, a] = colours.subarray(4 * i, 4 * i + 4);
      context.fillStyle = `rgba(${r},${g},${b},${a / 255})`;
      context.fillRect((points[2 * i] - view.x) * view.unit + (view.width - size) / 2,
        (view.height - size) / 2 - (points[2 * i + 1] - view.y) * view.unit, size, size);
    }
  }
}
